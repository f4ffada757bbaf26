import { expect, it } from 'vitest'
import {
  callApi,
  codeFields,
  getCode,
  readPair,
  refresh,
  requestRefresh,
  requestToken,
  signIn,
  start,
} from './support/simulator.js'

it('records who did what and how it ended', async () => {
  const procore = await start()
  const { accessToken } = await signIn(procore)
  await callApi(procore, '/rest/v1.0/projects?company_id=10', accessToken, { company: '10' })
  const known = { clientId: procore.app.clientId, userId: procore.users[0]?.id }
  expect(procore.ledger.entries).toMatchObject([
    {
      ...known,
      at: expect.closeTo(procore.clock.now(), -5),
      method: 'POST',
      origin: 'login',
      path: '/oauth/token',
      grantType: 'authorization_code',
      status: 200,
      outcome: 'ok',
      reusedRefreshToken: false,
      reusedCode: false,
    },
    { ...known, method: 'GET', origin: 'api', path: '/rest/v1.0/projects', companyId: '10' },
  ])
})

it('marks a code that was exchanged before', async () => {
  const procore = await start()
  const fields = codeFields(procore, await getCode(procore))
  await requestToken(procore, fields)
  await requestToken(procore, fields)
  expect(procore.ledger.entries.map(({ reusedCode }) => reusedCode)).toEqual([false, true])
})

it('marks a refresh token that was exchanged before, also when it still works', async () => {
  const procore = await start({ refreshMode: 'on-use' })
  const pair = await signIn(procore)
  await refresh(procore, pair)
  await refresh(procore, pair)
  expect(procore.ledger.refreshes()).toMatchObject([
    { outcome: 'ok', reusedRefreshToken: false },
    { outcome: 'ok', reusedRefreshToken: true },
  ])
})

it('counts, filters and forgets', async () => {
  const procore = await start()
  const pair = await signIn(procore)
  await refresh(procore, pair)
  await requestRefresh(procore, pair.refreshToken)
  const { ledger } = procore
  expect(ledger.tokenRequests()).toHaveLength(3)
  expect(ledger.tokenRequests('authorization_code')).toHaveLength(1)
  expect(ledger.refreshes()).toHaveLength(2)
  expect(ledger.count()).toBe(3)
  expect(ledger.count({ grantType: 'refresh_token', status: 400 })).toBe(1)
  ledger.clear()
  expect([ledger.entries.length, ledger.count()]).toEqual([0, 0])
})

it('holds no secret, code or token', async () => {
  const procore = await start()
  const code = await getCode(procore)
  const pair = await readPair(await requestToken(procore, codeFields(procore, code)))
  const { clientSecret } = procore.app
  await fetch(`${procore.apiOrigin}/rest/v1.0/me?access_token=${pair.accessToken}`)
  await requestToken(procore, { grant_type: clientSecret, client_id: clientSecret })
  await callApi(procore, '/rest/v1.0/me', pair.accessToken, { company: pair.refreshToken })
  const text = JSON.stringify(procore.ledger.entries)
  for (const secret of [code, pair.accessToken, pair.refreshToken, clientSecret]) {
    expect(text).not.toContain(secret)
  }
})
