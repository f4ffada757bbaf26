import { describe, expect, it } from 'vitest'
import { createSimulator } from '../src/index.js'
import {
  callApi,
  codeFields,
  getCode,
  meStatus,
  outOfBand,
  readPair,
  refresh,
  requestRefresh,
  requestToken,
  signIn,
  start,
} from './support/simulator.js'

const globalsBefore = { Request: globalThis.Request, Response: globalThis.Response }

describe('a simulator', () => {
  it('listens on two free ports of 127.0.0.1', async () => {
    const procore = await start()
    expect(procore.loginOrigin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(procore.apiOrigin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(procore.apiOrigin).not.toBe(procore.loginOrigin)
  })

  it('gives the API the port behind that of the login', async () => {
    const probe = await createSimulator()
    const port = Number(new URL(probe.loginOrigin).port) + 5000
    await probe.close()
    const wanted = port > 60_000 ? port - 20_000 : port
    const procore = await start({ port: wanted })
    expect(procore.loginOrigin).toBe(`http://127.0.0.1:${wanted}`)
    expect(procore.apiOrigin).toBe(`http://127.0.0.1:${wanted + 1}`)
  })

  it('can be closed twice and frees its ports', async () => {
    const procore = await start()
    await procore.close()
    await procore.close()
    await procore[Symbol.asyncDispose]()
    await expect(fetch(procore.loginOrigin)).rejects.toThrow()
    await expect(fetch(procore.apiOrigin)).rejects.toThrow()
  })

  it('refuses a port that is taken and leaves none open', async () => {
    const procore = await start()
    const port = Number(new URL(procore.apiOrigin).port)
    await expect(createSimulator({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await expect(createSimulator({ port: port - 1 })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  it('has users with one and with three companies and ids beyond 32 bits', async () => {
    const procore = await start()
    expect(procore.users.map(({ companies }) => companies.length)).toEqual([1, 3])
    expect(procore.users.every(({ id }) => Number(id) > 2 ** 32)).toBe(true)
    const sizes = procore.companies.map(({ projects }) => projects.length)
    expect(sizes).toEqual([25, 3, 2001])
  })

  it('lets other users log in where it is given some', async () => {
    const eve = { id: '7', login: 'eve@example.com', password: 'x', name: 'Eve', companies: ['11'] }
    const procore = await start({ users: [eve] })
    expect(procore.users).toEqual([eve])
    const { accessToken } = await signIn(procore, 'eve@example.com')
    const me = await callApi(procore, '/rest/v1.0/me', accessToken)
    expect(await me.json()).toMatchObject({ id: 7, login: 'eve@example.com' })
  })

  it('leaves the global Request and Response alone', async () => {
    await fetch((await start()).loginOrigin)
    expect(globalThis.Request).toBe(globalsBefore.Request)
    expect(globalThis.Response).toBe(globalsBefore.Response)
  })
})

describe('the options', () => {
  it('take the credentials of the application', async () => {
    const app = { clientId: 'stable-id', clientSecret: 'stable-secret' }
    const procore = await start({ app })
    expect(procore.app).toMatchObject(app)
    await signIn(procore)
  })

  it('take the redirect URIs; out of band is always registered', async () => {
    const procore = await start({ redirectUris: ['https://app.example/callback'] })
    expect(procore.app.redirectUris).toEqual(['https://app.example/callback', outOfBand])
    const location = await procore.authorize({ redirectUri: 'https://app.example/callback' })
    expect(location).toMatch(/^https:\/\/app\.example\/callback\?code=/)
  })

  it('take a lifetime, which can be changed later', async () => {
    const procore = await start({ accessTokenLifetimeSeconds: 7200 })
    const exchange = async () =>
      (await requestToken(procore, codeFields(procore, await getCode(procore)))).json()
    expect(await exchange()).toMatchObject({ expires_in: 7200 })
    procore.setAccessTokenLifetime(900)
    expect(await exchange()).toMatchObject({ expires_in: 900 })
  })

  it('take a refresh mode, which can be changed later', async () => {
    const procore = await start()
    procore.setRefreshMode('on-use')
    const pair = await signIn(procore)
    await refresh(procore, pair)
    expect((await requestRefresh(procore, pair.refreshToken)).status).toBe(200)
  })

  it('can make access tokens look signed', async () => {
    const procore = await start({ tokenFormat: 'jwt' })
    const pair = await signIn(procore)
    expect(pair.accessToken.length).toBeGreaterThan(400)
    const [header = '', , signature = ''] = pair.accessToken.split('.')
    const decoded: unknown = JSON.parse(Buffer.from(header, 'base64url').toString())
    expect(decoded).toMatchObject({ alg: 'ES512' })
    expect(Buffer.from(signature, 'base64url')).toHaveLength(132)
    expect(pair.refreshToken).toMatch(/^[0-9a-f]{64}$/)
    expect(await meStatus(procore, pair)).toBe(200)
  })

  it.each([false, ''] as const)('leave the scope out of the answer for %j', async (scope) => {
    const procore = await start({ scope })
    const fields = codeFields(procore, await getCode(procore))
    const body = await (await requestToken(procore, fields)).json()
    expect(body).not.toHaveProperty('scope')
  })
})

describe('authorize', () => {
  it('answers with the redirect of the consent page', async () => {
    const procore = await start()
    const location = await procore.authorize({ state: 'a b' })
    expect(location).toMatch(/^http:\/\/localhost:4567\/callback\?code=[0-9a-f]{64}&state=a\+b$/)
  })

  it('answers with the code when out of band', async () => {
    const procore = await start()
    expect(await procore.authorize({ redirectUri: outOfBand })).toMatch(/^[0-9a-f]{64}$/)
  })

  it('takes the user as object, id or login', async () => {
    const procore = await start()
    const [, ana] = procore.users
    for (const user of [ana, ana?.id, ana?.login]) {
      const code = await getCode(procore, { user })
      const response = await requestToken(procore, codeFields(procore, code))
      const { accessToken } = await readPair(response)
      const me = await callApi(procore, '/rest/v1.0/me', accessToken)
      expect(await me.json()).toMatchObject({ login: 'ana@example.com' })
    }
  })

  it('can deny', async () => {
    const procore = await start()
    const location = await procore.authorize({ decision: 'deny', state: 'x' })
    expect(location).toContain('error=access_denied')
  })

  it('throws what the error page would say', async () => {
    const procore = await start()
    const faulty = procore.authorize({ redirectUri: 'http://localhost:1/' })
    await expect(faulty).rejects.toThrow('invalid_redirect_uri')
    await expect(procore.authorize({ user: 'nobody' })).rejects.toThrow('no such user')
  })
})
