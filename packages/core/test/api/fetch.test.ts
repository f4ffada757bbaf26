import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProcoreClient } from '../../src/index.js'
import { json, WebProcore } from '../support/web-procore.js'

let procore: WebProcore
let client: ProcoreClient

beforeEach(async () => {
  procore = await WebProcore.start()
  client = (await procore.signedIn()).forUser('jim').forCompany(42)
})
afterEach(() => procore.close())

function redirectTo(location: string, status = 302): void {
  procore.answerApi = ({ url }, res) => {
    if (url !== '/rest/v1.0/old') return false
    res.writeHead(status, { location }).end()
    return true
  }
}

describe('client.fetch', () => {
  it('takes a Request as openapi-fetch passes it', async () => {
    const request = new Request(`${procore.origin}/rest/v1.0/x?a=1`, {
      method: 'PATCH',
      body: JSON.stringify({ a: 1 }),
      headers: { 'content-type': 'application/json', 'x-own': '1' },
    })
    const response = await client.fetch(request)
    expect(await response.json()).toMatchObject({ method: 'PATCH', url: '/rest/v1.0/x?a=1' })
    expect(procore.apiCalls[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'x-own': '1',
      'procore-company-id': '42',
    })
  })

  it('may be passed around on its own', async () => {
    const { fetch } = client
    expect((await fetch('/rest/v1.0/x')).ok).toBe(true)
  })

  it.each([
    ['text', 'é', 'text/plain;charset=UTF-8'],
    ['a form', new URLSearchParams({ a: 'b c' }), 'application/x-www-form-urlencoded'],
    ['bytes', new Uint8Array([104, 105]), undefined],
    ['a blob', new Blob(['hi'], { type: 'text/csv' }), 'text/csv'],
  ])('sends %s', async (_, body, type) => {
    await client.fetch('/rest/v1.0/x', { method: 'POST', body })
    const headers = procore.apiCalls[0]?.headers
    if (type === undefined) expect(headers).not.toHaveProperty('content-type')
    else expect(headers?.['content-type']).toContain(type)
    expect(procore.apiCalls[0]?.body).not.toBe('')
  })

  it('sends a multipart form with its file', async () => {
    const form = new FormData()
    form.set('file', new Blob(['a drawing']), 'drawing.txt')
    await client.fetch('/rest/v1.0/x', { method: 'POST', body: form })
    expect(procore.apiCalls[0]?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
    expect(procore.apiCalls[0]?.body).toContain('a drawing')
  })

  it.each([200, 201, 204, 304, 400, 403, 404, 422, 429, 500, 503])(
    'resolves with status %i and throws for none',
    async (status) => {
      procore.answerApi = (_, res) => {
        res.writeHead(status, { 'x-own': '1' }).end()
        return true
      }
      const response = await client.fetch('/rest/v1.0/x')
      expect(response.status).toBe(status)
      expect(response.ok).toBe(status < 300)
      expect(response.headers.get('x-own')).toBe('1')
      expect(await response.text()).toBe('')
    },
  )

  it('answers HEAD without a body', async () => {
    const response = await client.fetch('/rest/v1.0/x', { method: 'HEAD' })
    expect(await response.text()).toBe('')
  })

  it('keeps several headers of one name', async () => {
    procore.answerApi = (_, res) => {
      res.writeHead(200, { link: ['<a>; rel=next', '<b>; rel=last'] }).end()
      return true
    }
    const response = await client.fetch('/rest/v1.0/x')
    expect(response.headers.get('link')).toBe('<a>; rel=next, <b>; rel=last')
  })

  it('streams an answer as it comes', async () => {
    let finish = (): void => undefined
    procore.answerApi = (_, res) => {
      res.writeHead(200, { 'content-type': 'text/plain' })
      res.write('first')
      finish = () => res.end('second')
      return true
    }
    const response = await client.fetch('/rest/v1.0/x')
    const reader = response.body?.getReader()
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('first')
    finish()
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('second')
    expect((await reader?.read())?.done).toBe(true)
  })

  it('survives a reader who walks away before, and in the middle of, the body', async () => {
    procore.answerApi = (_, res) => {
      res.writeHead(200).write('x'.repeat(1_000_000))
      return true
    }
    await (await client.fetch('/rest/v1.0/x')).body?.cancel()
    const reader = (await client.fetch('/rest/v1.0/x')).body?.getReader()
    await reader?.read()
    await reader?.cancel()
    procore.answerApi = () => false
    expect((await client.fetch('/rest/v1.0/x')).ok).toBe(true)
  })

  it('errors the body when the connection breaks in the middle of it', async () => {
    procore.answerApi = (_, res) => {
      res.writeHead(200, { 'content-length': '100' })
      res.write('half', () => res.destroy())
      return true
    }
    const response = await client.fetch('/rest/v1.0/x')
    await expect(response.text()).rejects.toThrow()
  })

  it('never answers with compressed bytes, also when the caller asks for them', async () => {
    procore.answerApi = ({ headers }, res) => {
      const zip = String(headers['accept-encoding']).includes('gzip')
      res.writeHead(200, zip ? { 'content-encoding': 'gzip' } : {})
      res.end(zip ? gzipSync('plain') : 'plain')
      return true
    }
    const headers = { 'accept-encoding': 'gzip' }
    expect(await (await client.fetch('/rest/v1.0/x', { headers })).text()).toBe('plain')
    expect(await client.get('/rest/v1.0/x', { headers })).toBe('plain')
  })

  it.each(['transfer-encoding', 'keep-alive', 'upgrade', 'expect', 'te'])(
    'leaves the connection to itself when a caller passes %s',
    async (name) => {
      const headers = { [name]: name === 'expect' ? '100-continue' : 'chunked' }
      const init = { method: 'POST', body: 'x', headers }
      expect((await client.fetch('/rest/v1.0/x', init)).status).toBe(200)
    },
  )

  it.each([
    ['a malformed URL', 'http://['],
    ['a URL with a password', 'http://a:b@localhost/'],
  ])('rejects and does not throw for %s', async (_, url) => {
    const pending = client.fetch(url)
    await expect(pending).rejects.toThrow()
  })

  it('rejects and does not throw for a method that is none', async () => {
    const pending = client.fetch('/rest/v1.0/x', { method: 'a b' })
    await expect(pending).rejects.toThrow(TypeError)
  })

  it('is stopped by its signal with the reason of the signal', async () => {
    const reason = new Error('enough')
    procore.answerApi = () => new Promise(() => undefined)
    const controller = new AbortController()
    const call = client.fetch('/rest/v1.0/x', { signal: controller.signal })
    await expect.poll(() => procore.seen.length).toBe(1)
    controller.abort(reason)
    await expect(call).rejects.toBe(reason)
    await expect(client.fetch('/rest/v1.0/x', { signal: controller.signal })).rejects.toBe(reason)
    expect(procore.seen).toHaveLength(1)
  })
})

describe('a redirect of client.fetch', () => {
  it('is followed for a read', async () => {
    redirectTo('new?page=2')
    const response = await client.fetch('/rest/v1.0/old')
    expect(await response.json()).toMatchObject({ url: '/rest/v1.0/new?page=2' })
  })

  it('is handed over with redirect: manual', async () => {
    redirectTo('/rest/v1.0/new')
    const response = await client.fetch('/rest/v1.0/old', { redirect: 'manual' })
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe('/rest/v1.0/new')
  })

  it.each(['GET', 'POST', 'DELETE'])('is an error with redirect: error (%s)', async (method) => {
    redirectTo('/rest/v1.0/new')
    const call = client.fetch('/rest/v1.0/old', { method, redirect: 'error' })
    await expect(call).rejects.toThrow(TypeError)
    expect(procore.apiCalls).toHaveLength(1)
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('never repeats a %s elsewhere', async (method) => {
    for (const status of [301, 302, 303, 307, 308]) {
      redirectTo('/rest/v1.0/new', status)
      expect((await client.fetch('/rest/v1.0/old', { method })).status).toBe(status)
    }
    expect(procore.apiCalls).toHaveLength(5)
  })

  it('in a circle ends', async () => {
    redirectTo('/rest/v1.0/old')
    await expect(client.fetch('/rest/v1.0/old')).rejects.toThrow('too many redirects')
    expect(procore.apiCalls.length).toBeLessThan(10)
  })

  it('without a location is handed over', async () => {
    procore.answerApi = (_, res) => {
      json(res, 302, {})
      return true
    }
    expect((await client.fetch('/rest/v1.0/x')).status).toBe(302)
  })

  it('to where a company is needed is refused when none was chosen', async () => {
    const user = (await procore.signedIn()).forUser('jim')
    procore.answerApi = (_, res) => {
      res.writeHead(302, { location: '/rest/v1.0/projects' }).end()
      return true
    }
    await expect(user.fetch('/rest/v1.0/me')).rejects.toMatchObject({
      code: 'ERR_PROCORE_COMPANY_MISSING',
    })
  })
})
