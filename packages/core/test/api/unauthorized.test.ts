import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ProcoreApiError, type ProcoreAuth, type ProcoreClient } from '../../src/index.js'
import { json, WebProcore } from '../support/web-procore.js'

let procore: WebProcore
let auth: ProcoreAuth
let client: ProcoreClient

beforeEach(async () => {
  procore = await WebProcore.start()
  auth = await procore.signedIn()
  client = auth.forUser('jim').forCompany(42)
})
afterEach(() => procore.close())

/** The API answers 401 for company 42, as Procore does where the app is not installed. */
function notInstalled(answerAfterMs = 0): void {
  procore.answerApi = async ({ headers }, res) => {
    if (headers['procore-company-id'] !== '42') return false
    await new Promise((resolve) => setTimeout(resolve, answerAfterMs))
    json(res, 401, { errors: ['no'] })
    return true
  }
}

const installFirst = { code: 'ERR_PROCORE_APP_NOT_INSTALLED', name: 'AppNotInstalledError' }

describe('a 401 from the API', () => {
  it('is answered by one refresh and one more try', async () => {
    procore.revokeAccess()
    expect(await client.get('/rest/v1.0/projects')).toMatchObject({ company: '42' })
    expect(procore.refreshes).toBe(1)
    expect(procore.apiCalls).toHaveLength(2)
  })

  it('repeats the body of a POST, a PATCH and a PUT with the new token', async () => {
    for (const method of ['post', 'patch', 'put'] as const) {
      procore.revokeAccess()
      expect(await client[method]('/rest/v1.0/x', { a: 'é' })).toMatchObject({ body: '{"a":"é"}' })
    }
    procore.revokeAccess()
    const body = new Blob(['streamed']).stream()
    const init = { method: 'POST', body, duplex: 'half' } as const
    const response = await client.fetch('/rest/v1.0/x', init)
    expect(await response.json()).toMatchObject({ body: 'streamed' })
  })

  it('leads to one refresh for many calls at once', async () => {
    procore.revokeAccess()
    await Promise.all(Array.from({ length: 50 }, () => client.get('/rest/v1.0/projects')))
    expect(procore.refreshes).toBe(1)
  })

  it('to a token that was replaced meanwhile is tried again without a refresh', async () => {
    let first = true
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    procore.answerApi = async (_, res) => {
      if (!first) return false
      first = false
      await held
      json(res, 401, {})
      return true
    }
    const slow = client.get('/rest/v1.0/slow')
    await expect.poll(() => procore.apiCalls.length).toBe(1)
    procore.revokeAccess()
    await client.get('/rest/v1.0/fast')
    release()
    expect(await slow).toMatchObject({ url: '/rest/v1.0/slow' })
    expect(procore.refreshes).toBe(1)
  })

  it('that stays is the token’s end when Procore says that the token is dead', async () => {
    procore.answerApi = (_, res) => {
      json(res, 401, { error: 'invalid_token' })
      return true
    }
    procore.answerLogin = ({ url }, res) => {
      if (url !== '/oauth/token/info') return false
      json(res, 401, {})
      return true
    }
    const error: unknown = await client.get('/rest/v1.0/x').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_PROCORE_API', status: 401 })
    expect(error).toBeInstanceOf(ProcoreApiError)
    expect(procore.refreshes).toBe(1)
    expect(procore.apiCalls).toHaveLength(2)
  })

  it('that stays while the token is valid means that the app is not installed there', async () => {
    notInstalled()
    await expect(client.get('/rest/v1.0/projects')).rejects.toMatchObject({
      ...installFirst,
      status: 403,
      body: { errors: ['no'] },
    })
    await expect(client.fetch('/rest/v1.0/projects')).rejects.toMatchObject(installFirst)
    expect(procore.refreshes).toBe(1)
  })

  it('leaves the other companies alone when the app is not installed in one', async () => {
    notInstalled()
    await expect(client.get('/rest/v1.0/projects')).rejects.toMatchObject(installFirst)
    const other = auth.forUser('jim').forCompany(43)
    expect(await other.get('/rest/v1.0/projects')).toMatchObject({ company: '43' })
  })

  it('100 times in a row leads to one refresh', async () => {
    notInstalled()
    for (let call = 0; call < 100; call += 1) {
      await expect(client.get('/rest/v1.0/projects')).rejects.toMatchObject(installFirst)
    }
    expect(procore.refreshes).toBeLessThanOrEqual(1)
  })

  it('100 times at once leads to one refresh', async () => {
    notInstalled()
    const calls = Array.from({ length: 100 }, () => client.get('/rest/v1.0/projects'))
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: 'rejected', reason: installFirst })
    }
    expect(procore.refreshes).toBeLessThanOrEqual(1)
  })

  it('100 times, one call beginning a moment after the other, leads to one refresh', async () => {
    notInstalled(10)
    const calls: Promise<unknown>[] = []
    for (let call = 0; call < 100; call += 1) {
      calls.push(client.get('/rest/v1.0/projects').catch((reason: unknown) => reason))
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    for (const reason of await Promise.all(calls)) expect(reason).toMatchObject(installFirst)
    expect(procore.refreshes).toBeLessThanOrEqual(1)
  })

  it('of a token that died later is answered by a refresh, also where a 401 was diagnosed', async () => {
    notInstalled()
    await expect(client.get('/rest/v1.0/projects')).rejects.toMatchObject(installFirst)
    procore.revokeAccess()
    const other = auth.forUser('jim').forCompany(43)
    expect(await other.get('/rest/v1.0/projects')).toMatchObject({ company: '43' })
    expect(procore.refreshes).toBe(2)
  })

  it('is an error of its own when Procore cannot say whether the token is valid', async () => {
    notInstalled()
    procore.answerLogin = ({ url }, res) => {
      if (url === '/oauth/token/info') res.destroy()
      return url === '/oauth/token/info'
    }
    await expect(client.get('/rest/v1.0/x')).rejects.toMatchObject({
      code: 'ERR_PROCORE_TOKEN_ENDPOINT_UNREACHABLE',
    })
    expect(procore.refreshes).toBe(1)
  })

  it('to a service account brings a new token of the service account', async () => {
    const service = auth.forService().forCompany(43)
    await service.get('/rest/v1.0/companies')
    procore.revokeAccess()
    await service.get('/rest/v1.0/companies')
    expect(procore.tokenPosts('client_credentials')).toBe(2)
    expect(procore.refreshes).toBe(0)
  })
})

describe('no refresh', () => {
  it.each([301, 302, 400, 402, 403, 404, 409, 422, 429, 500, 502, 503, 504])(
    'comes of a %i',
    async (status) => {
      procore.answerApi = (_, res) => {
        json(res, status, { errors: ['no'] })
        return true
      }
      await expect(client.get('/rest/v1.0/x')).rejects.toMatchObject({ status })
      expect((await client.fetch('/rest/v1.0/x')).status).toBe(status)
      expect(procore.seen.map(({ url }) => url)).toEqual(['/rest/v1.0/x', '/rest/v1.0/x'])
    },
  )

  it('comes of a connection that breaks', async () => {
    procore.answerApi = (_, res) => {
      res.destroy()
      return true
    }
    const unreachable = { code: 'ERR_PROCORE_API_UNREACHABLE' }
    await expect(client.post('/rest/v1.0/x', {})).rejects.toMatchObject(unreachable)
    await expect(client.fetch('/rest/v1.0/x')).rejects.toMatchObject(unreachable)
    expect(procore.refreshes).toBe(0)
    expect(procore.apiCalls).toHaveLength(2)
  })

  it('comes of a 403 that says that the app is not connected', async () => {
    procore.answerApi = (_, res) => {
      json(res, 403, { errors: ['App is not connected to this company.'] })
      return true
    }
    await expect(client.get('/rest/v1.0/x')).rejects.toMatchObject(installFirst)
    expect(procore.refreshes).toBe(0)
  })
})
