import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  codeFields,
  getCode,
  meStatus,
  outcome,
  outOfBand,
  post,
  readPair,
  refresh,
  requestToken,
  start,
} from './support/simulator.js'

describe('the exchange of a code', () => {
  it('is refused without the right client', async () => {
    const procore = await start()
    const fields = codeFields(procore, await getCode(procore))
    const refusal = [401, 'invalid_client']
    const wrongSecret = await requestToken(procore, { ...fields, client_secret: 'wrong' })
    const unknown = await requestToken(procore, { ...fields, client_id: 'f'.repeat(64) })
    const none = await post(`${procore.loginOrigin}/oauth/token`, fields)
    expect(await outcome(wrongSecret)).toEqual(refusal)
    expect(await outcome(unknown)).toEqual(refusal)
    expect(await outcome(none)).toEqual(refusal)
  })

  it('is refused for the client of another application', async () => {
    const procore = await start()
    const { clientId, clientSecret } = procore.serviceApp
    const response = await requestToken(procore, {
      ...codeFields(procore, await getCode(procore)),
      client_id: clientId,
      client_secret: clientSecret,
    })
    expect(await outcome(response)).toEqual([400, 'invalid_grant'])
  })

  it.each([
    ['a wrong redirect URI', { redirect_uri: 'http://localhost:4567/auth/procore/callback' }],
    ['an unknown code', { code: 'f'.repeat(64) }],
  ])('is refused with %s', async (_name, extra) => {
    const procore = await start()
    const fields = codeFields(procore, await getCode(procore))
    const response = await requestToken(procore, { ...fields, ...extra })
    expect(await outcome(response)).toEqual([400, 'invalid_grant'])
  })

  it.each(['redirect_uri', 'code'])('is refused without %s', async (name) => {
    const procore = await start()
    const fields = codeFields(procore, await getCode(procore))
    delete fields[name]
    const response = await requestToken(procore, fields)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      error: 'invalid_request',
      error_description: `Missing required parameter: ${name}.`,
    })
  })

  it('works up to ten minutes after the consent and not longer', async () => {
    const procore = await start()
    const early = await getCode(procore)
    procore.clock.advance(590_000)
    expect((await requestToken(procore, codeFields(procore, early))).status).toBe(200)
    const late = await getCode(procore)
    procore.clock.advance(601_000)
    const response = await requestToken(procore, codeFields(procore, late))
    expect(await outcome(response)).toEqual([400, 'invalid_grant'])
  })

  it('works after failures, which do not use up the code', async () => {
    const procore = await start()
    const fields = codeFields(procore, await getCode(procore))
    for (const extra of [{ client_secret: 'wrong' }, { redirect_uri: 'http://x/' }, { code: '' }]) {
      expect((await requestToken(procore, { ...fields, ...extra })).ok).toBe(false)
    }
    expect((await requestToken(procore, fields)).status).toBe(200)
  })

  it('works once, and the tokens of the first use live on', async () => {
    const procore = await start()
    const fields = codeFields(procore, await getCode(procore))
    const pair = await readPair(await requestToken(procore, fields))
    expect(await outcome(await requestToken(procore, fields))).toEqual([400, 'invalid_grant'])
    expect(await meStatus(procore, pair)).toBe(200)
    expect(await meStatus(procore, await refresh(procore, pair))).toBe(200)
  })

  it('works for one of two at the same time', async () => {
    const procore = await start()
    const fields = codeFields(procore, await getCode(procore))
    const both = await Promise.all([requestToken(procore, fields), requestToken(procore, fields)])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 400])
    const loser = both.find(({ status }) => status === 400)
    expect(loser && (await outcome(loser))).toEqual([400, 'invalid_grant'])
  })

  it('works out of band', async () => {
    const procore = await start()
    const code = await procore.authorize({ redirectUri: outOfBand })
    const fields = { ...codeFields(procore, code), redirect_uri: outOfBand }
    expect((await requestToken(procore, fields)).status).toBe(200)
  })
})

const verifier = 'v'.repeat(43)
const challenge = createHash('sha256').update(verifier).digest('base64url')
const hashed = { code_challenge: challenge, code_challenge_method: 'S256' }

describe('without PKCE', () => {
  it.each([
    ['a challenge and no verifier', hashed, {}],
    ['a challenge and a wrong verifier', hashed, { code_verifier: 'w'.repeat(43) }],
    ['a challenge and the right verifier', hashed, { code_verifier: verifier }],
    ['a challenge without a method', { code_challenge: challenge }, {}],
    ['a verifier without a challenge', {}, { code_verifier: verifier }],
  ])('%s is accepted and forgotten', async (_name, extra, fields) => {
    const procore = await start()
    const code = await getCode(procore, { extra: { ...extra } })
    const response = await requestToken(procore, { ...codeFields(procore, code), ...fields })
    expect(response.status).toBe(200)
  })
})

describe('with PKCE', () => {
  it('a challenge asks for a verifier, then for the right one', async () => {
    const procore = await start({ pkce: true })
    const fields = codeFields(procore, await getCode(procore, { extra: hashed }))
    const missing = await requestToken(procore, fields)
    expect(missing.status).toBe(400)
    expect(await missing.json()).toEqual({
      error: 'invalid_request',
      error_description: 'Missing required parameter: code_verifier.',
    })
    const wrong = await requestToken(procore, { ...fields, code_verifier: 'w'.repeat(43) })
    expect(await outcome(wrong)).toEqual([400, 'invalid_grant'])
    const right = await requestToken(procore, { ...fields, code_verifier: verifier })
    expect(right.status).toBe(200)
  })

  it('a plain challenge is compared as it is', async () => {
    const procore = await start({ pkce: true })
    const extra = { code_challenge: verifier, code_challenge_method: 'plain' }
    const fields = codeFields(procore, await getCode(procore, { extra }))
    const response = await requestToken(procore, { ...fields, code_verifier: verifier })
    expect(response.status).toBe(200)
  })

  it('a verifier without a challenge is refused', async () => {
    const procore = await start({ pkce: true })
    const fields = codeFields(procore, await getCode(procore))
    const response = await requestToken(procore, { ...fields, code_verifier: verifier })
    expect(await outcome(response)).toEqual([400, 'invalid_grant'])
  })

  it('a request without PKCE works as before', async () => {
    const procore = await start({ pkce: true })
    const fields = codeFields(procore, await getCode(procore))
    expect((await requestToken(procore, fields)).status).toBe(200)
  })
})
