import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createProcoreAuth, type OnSignIn, type ProcoreAuth } from '../../src/index.js'
import { readPastedCode } from '../../src/sign-in/installed-app.js'
import { CANARY, json, WebProcore } from '../support/web-procore.js'

const CODE = 'a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d0a1b2'

describe('what a person pastes', () => {
  it.each([
    CODE,
    `  ${CODE}\r\n`,
    `https://login.procore.com/oauth/authorize/${CODE}`,
    `https://login.procore.com/oauth/authorize/native?code=${CODE}`,
    `HTTPS://login.procore.com/oauth/authorize/native?code=${CODE}&x=1#y`,
    `http://localhost/callback?state=x&code=${CODE}`,
  ])('has the code in it: %j', (pasted) => {
    expect(readPastedCode(pasted)).toBe(CODE)
  })

  it.each([
    '',
    '   ',
    'short',
    'with a space inside it',
    `${CODE}\n${CODE}`,
    `${CODE}\0`,
    'é'.repeat(20),
    'x'.repeat(2049),
    'https://login.procore.com/oauth/authorize',
    'https://login.procore.com/oauth/authorize/native',
    'https://login.procore.com/oauth/authorize/native?code=',
    'https://login.procore.com/',
    'https://',
    '/oauth/authorize/native?code=abcdefgh',
    undefined,
    null,
    42,
    {},
  ])('is refused when there is none: %j', (pasted) => {
    expect(() => readPastedCode(pasted)).toThrow(
      expect.objectContaining({ code: 'ERR_PROCORE_CALLBACK_INVALID' }),
    )
  })
})

describe('the sign-in of an installed app', () => {
  let procore: WebProcore

  beforeEach(async () => {
    procore = await WebProcore.start()
  })
  afterEach(() => procore.close())

  const start = (onSignIn?: OnSignIn): ProcoreAuth =>
    createProcoreAuth(procore.options({ onSignIn }))

  it('shows where to allow access, without a state', () => {
    const url = new URL(start().installedApp().authorizationUrl)
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'client-1',
      redirect_uri: 'urn:ietf:wg:oauth:2.0:oob',
    })
  })

  it('connects the only user, for whom no principal is named', async () => {
    const auth = start()
    const { user, principal, client, request } = await auth.installedApp().complete(CODE)
    expect([user.login, principal, request]).toEqual([
      'jim@example.com',
      'installed-app',
      undefined,
    ])
    expect(await auth.status()).toMatchObject({ state: 'connected', user })
    expect(await auth.forUser().get('/rest/v1.0/me')).toEqual(await client.get('/rest/v1.0/me'))
    await auth.disconnect()
    expect(await auth.status()).toEqual({ state: 'not-connected' })
  })

  it('sends nothing when there is no code in what was pasted', async () => {
    await expect(start().installedApp().complete('no')).rejects.toMatchObject({
      code: 'ERR_PROCORE_CALLBACK_INVALID',
    })
    expect(procore.seen).toEqual([])
  })

  it.each([
    ['no object', 'jim'],
    ['null', null],
    ['a list', []],
    ['an object without an id', { login: 'jim@example.com', name: 'Jim' }],
    ['an object without a login', { id: 1, name: 'Jim' }],
    ['an id of zero', { id: 0, login: 'jim@example.com' }],
    ['a broken id', { id: 1.5, login: 'jim@example.com' }],
    ['an id that JSON could not keep', { id: 2 ** 60, login: 'jim@example.com' }],
    ['an id with a path', { id: '../1', login: 'jim@example.com' }],
    ['a login of 10 kB', { id: 1, login: 'x'.repeat(10_000) }],
  ])('fails, with the tokens revoked, when the user is %s', async (_, me) => {
    procore.answerApi = ({ url }, res) => {
      if (url === '/rest/v1.0/me') json(res, 200, me)
      return url === '/rest/v1.0/me'
    }
    const auth = start()
    await expect(auth.installedApp().complete(CODE)).rejects.toMatchObject({
      code: 'ERR_PROCORE_USER_UNAVAILABLE',
    })
    expect(procore.count('/oauth/revoke')).toBe(1)
    expect(await auth.status()).toEqual({ state: 'not-connected' })
  })

  it.each([
    ['a number beyond 32 bits', 562949953430360, '562949953430360'],
    ['text, as in v2', '562949953430360', '562949953430360'],
    ['text beyond 53 bits', '18446744073709551615', '18446744073709551615'],
  ])('keeps the id of the user digit by digit: %s', async (_, id, text) => {
    procore.answerApi = ({ url }, res) => {
      if (url === '/rest/v1.0/me') json(res, 200, { id, login: 'jim@example.com', name: null })
      return url === '/rest/v1.0/me'
    }
    const { user } = await start().installedApp().complete(CODE)
    expect(user).toEqual({ id: text, login: 'jim@example.com', name: 'jim@example.com' })
  })

  it('asks Procore who the user is once, also when that is answered with 401 at first', async () => {
    procore.answerApi = (_, res) => {
      json(res, 401, {})
      return true
    }
    await expect(start().installedApp().complete(CODE)).rejects.toMatchObject({
      code: 'ERR_PROCORE_USER_UNAVAILABLE',
    })
    expect(procore.refreshes).toBe(0)
    expect(procore.count('/oauth/revoke')).toBe(1)
  })

  it('is vetoed by onSignIn, and what that throws comes through as it is', async () => {
    const thrown = new Error('no such user')
    const veto = start(() => false)
    await expect(veto.installedApp().complete(CODE)).rejects.toMatchObject({
      code: 'ERR_PROCORE_SIGN_IN_REFUSED',
    })
    const failing = start(() => {
      throw thrown
    })
    await expect(failing.installedApp().complete(CODE)).rejects.toBe(thrown)
    expect(procore.count('/oauth/revoke')).toBe(2)
    expect(await veto.status()).toEqual({ state: 'not-connected' })
  })

  it('shows no token by what it returns or tells', async () => {
    const told: unknown[] = []
    const auth = start((signIn) => void told.push(signIn))
    auth.on('signed-in', (event) => void told.push(event))
    told.push(await auth.installedApp().complete(CODE))
    expect(inspect(told, { depth: 20, showHidden: true, getters: true })).not.toContain(CANARY)
    expect(JSON.stringify(told)).not.toContain(CANARY)
  })
})
