import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProcoreAuth, ProcoreClient } from '../../src/index.js'
import { CANARY, listen, WebProcore } from '../support/web-procore.js'

let procore: WebProcore
let auth: ProcoreAuth
let client: ProcoreClient
let foreign: Server
let foreignOrigin: string
let foreignSaw: { readonly method: string | undefined; readonly headers: IncomingHttpHeaders }[]

beforeEach(async () => {
  foreignSaw = []
  foreign = createServer((req, res) => {
    foreignSaw.push({ method: req.method, headers: req.headers })
    res.end('a drawing')
  })
  foreignOrigin = await listen(foreign)
  procore = await WebProcore.start()
  auth = await procore.signedIn()
  client = auth.forUser('jim').forCompany(42)
})
afterEach(async () => {
  foreign.closeAllConnections()
  foreign.close()
  await procore.close()
})

/** Ways to write an address that is not the API, with `%HOST%` for a host that listens. */
const FOREIGN = [
  'http://%HOST%/rest/v1.0/me',
  'HTTP://%HOST%/rest/v1.0/me',
  '//%HOST%/rest/v1.0/me',
  '/\\%HOST%/rest/v1.0/me',
  '/\t/%HOST%/rest/v1.0/me',
  '/\n/%HOST%/rest/v1.0/me',
  'http://%API%@%HOST%/rest/v1.0/me',
  'http://%API%:80@%HOST%/rest/v1.0/me',
  'http://%API%\t@%HOST%/rest/v1.0/me',
  'http://user:password@%API%/rest/v1.0/me',
  'http://user@%API%/rest/v1.0/me',
  'https://%API%/rest/v1.0/me',
  'http://evil.%API%/rest/v1.0/me',
  'http://[::1]/rest/v1.0/me',
]

function write(template: string): string {
  const api = new URL(procore.origin).host
  return template.replaceAll('%HOST%', new URL(foreignOrigin).host).replaceAll('%API%', api)
}

describe('the bearer', () => {
  it.each(FOREIGN)('never goes to %j', async (template) => {
    const url = write(template)
    const refused = { code: expect.stringMatching(/FOREIGN_URL|ARGUMENT_INVALID/) }
    await expect(client.get(url)).rejects.toMatchObject(refused)
    await expect(client.post(url, {})).rejects.toMatchObject(refused)
    await expect(client.fetch(url)).rejects.toThrow()
    expect(foreignSaw).toEqual([])
    expect(procore.seen).toEqual([])
  })

  it.each([
    'rest/v1.0/me',
    '',
    '?page=2',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'https:evil',
  ])('goes nowhere for %j, which is neither a path nor a URL of the API', async (path) => {
    await expect(client.get(path)).rejects.toMatchObject({ code: 'ERR_PROCORE_ARGUMENT_INVALID' })
    expect(procore.seen).toEqual([])
  })

  it('goes to the API when that is named by its absolute URL', async () => {
    await client.get(`${procore.origin}/rest/v1.0/projects?page=2`)
    await client.fetch(new URL(`${procore.origin}/rest/v1.0/projects`))
    expect(procore.apiCalls.map(({ url }) => url)).toEqual([
      '/rest/v1.0/projects?page=2',
      '/rest/v1.0/projects',
    ])
  })

  it('stays at the API for a path that looks like a host', async () => {
    await client.get('/.//evil.example/rest')
    await client.get('/@evil.example/rest')
    await client.get(`${procore.origin}\\@evil.example/rest`)
    expect(procore.apiCalls).toHaveLength(3)
    for (const { headers } of procore.apiCalls) {
      expect(headers.host).toBe(new URL(procore.origin).host)
    }
  })

  it.each(['authorization', 'Authorization', 'AUTHORIZATION', 'aUtHoRiZaTiOn'])(
    "is the client's own, whatever a caller passes as %s",
    async (name) => {
      await client.get('/rest/v1.0/projects', { headers: { [name]: 'Bearer theirs' } })
      await client.fetch('/rest/v1.0/projects', { headers: { [name]: 'Bearer theirs' } })
      const sent = procore.apiCalls.map(({ headers }) => headers.authorization)
      expect(sent).toEqual([`Bearer ${CANARY}-access-0`, `Bearer ${CANARY}-access-0`])
    },
  )

  it('cannot be sent to another host by a Host header', async () => {
    await client.get('/rest/v1.0/projects', { headers: { Host: 'evil.example' } })
    await client.fetch('/rest/v1.0/projects', { headers: { host: 'evil.example' } })
    for (const { headers } of procore.apiCalls) {
      expect(headers.host).toBe(new URL(procore.origin).host)
    }
  })

  it('is not sent along when a download leads to an object storage', async () => {
    procore.answerApi = (_, res) => {
      res.writeHead(302, { location: `${foreignOrigin}/drawing.pdf?signature=1` }).end()
      return true
    }
    const response = await client.fetch('/rest/v1.0/files/1', {
      headers: { range: 'bytes=0-8', 'x-own': 'secret', cookie: 'a=b' },
    })
    expect(await response.text()).toBe('a drawing')
    expect(foreignSaw).toHaveLength(1)
    const headers = foreignSaw[0]?.headers
    expect(headers).toMatchObject({ range: 'bytes=0-8' })
    for (const name of ['authorization', 'procore-company-id', 'x-own', 'cookie', 'referer']) {
      expect(headers).not.toHaveProperty(name)
    }
  })

  it.each([
    ['another port of the same host', () => `${foreignOrigin}/x`],
    ['a path that means another host', () => `//${new URL(foreignOrigin).host}/x`],
    ['a backslash', () => `/\\${new URL(foreignOrigin).host}/x`],
  ])('is not sent along when the API redirects to %s', async (_, location) => {
    procore.answerApi = (_seen, res) => {
      res.writeHead(307, { location: location() }).end()
      return true
    }
    await client.fetch('/rest/v1.0/files/1')
    expect(foreignSaw[0]?.headers).not.toHaveProperty('authorization')
  })

  it.each([
    'http://storage.example/x',
    'ftp://storage.example/x',
    'file:///etc/passwd',
    'http://[',
  ])('and the download are given up when the API redirects to %s', async (location) => {
    procore.answerApi = (_, res) => {
      res.writeHead(302, { location }).end()
      return true
    }
    await expect(client.fetch('/rest/v1.0/files/1')).rejects.toMatchObject({
      code: 'ERR_PROCORE_FOREIGN_URL',
    })
  })

  it('is sent again, with the company, when the API redirects within itself', async () => {
    procore.answerApi = ({ url }, res) => {
      if (url !== '/rest/v1.0/old') return false
      res.writeHead(301, { location: '/rest/v1.0/new' }).end()
      return true
    }
    const response = await client.fetch('/rest/v1.0/old')
    expect(await response.json()).toMatchObject({ url: '/rest/v1.0/new', company: '42' })
  })

  it('is not followed by get: a redirect is an answer that is not a success', async () => {
    procore.answerApi = (_, res) => {
      res.writeHead(302, { location: `${foreignOrigin}/x` }).end()
      return true
    }
    await expect(client.get('/rest/v1.0/files/1')).rejects.toMatchObject({ status: 302 })
    expect(foreignSaw).toEqual([])
  })
})

describe('a token', () => {
  it('is never shown by util.inspect of what the application holds', async () => {
    const held = [auth, client, client.fetch, auth.forService(), auth.installedApp()]
    const options = { depth: 20, showHidden: true, getters: true } as const
    for (const value of held) expect(inspect(value, options)).not.toContain(CANARY)
    expect(JSON.stringify(held)).not.toContain(CANARY)
  })

  it.each([
    ['a refusal', 403],
    ['a failure', 500],
    ['a rejected token', 401],
  ])('is never shown by the error of %s', async (_, status) => {
    procore.answerApi = (_seen, res) => {
      res.writeHead(status, { 'content-type': 'application/json' }).end('{"errors":["no"]}')
      return true
    }
    const error: unknown = await client.get('/rest/v1.0/x').catch((reason: unknown) => reason)
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(CANARY)
  })

  it('is never shown by the error of a connection that breaks', async () => {
    procore.answerApi = (_, res) => {
      res.destroy()
      return true
    }
    const error: unknown = await client.get('/rest/v1.0/x').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_PROCORE_API_UNREACHABLE' })
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(CANARY)
    const failed: unknown = await client.fetch('/rest/v1.0/x').catch((reason: unknown) => reason)
    expect(inspect(failed, { depth: 20, showHidden: true })).not.toContain(CANARY)
  })
})
