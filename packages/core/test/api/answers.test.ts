import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProcoreAuth, ProcoreClient } from '../../src/index.js'
import { WebProcore } from '../support/web-procore.js'

let procore: WebProcore
let auth: ProcoreAuth
let client: ProcoreClient

beforeEach(async () => {
  procore = await WebProcore.start()
  auth = await procore.signedIn()
  client = auth.forUser('jim').forCompany(42)
})
afterEach(() => procore.close())

function answer(status: number, headers: Record<string, string>, body = ''): void {
  procore.answerApi = (_, res) => {
    res.writeHead(status, headers).end(body)
    return true
  }
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }

describe('an answer of get', () => {
  it.each([
    ['an object', '{"id":562949953430360}', { id: 562949953430360 }],
    ['a list', '[1,2]', [1, 2]],
    ['null', 'null', null],
    ['false', 'false', false],
    ['zero', '0', 0],
    ['text in JSON', '"é"', 'é'],
  ])('is parsed when it is JSON: %s', async (_, body, value) => {
    answer(200, JSON_TYPE, body)
    expect(await client.get('/rest/v1.0/x')).toEqual(value)
  })

  it.each(['application/vnd.api+json', 'application/problem+json; charset=utf-8', 'text/json'])(
    'is parsed when it is declared as %s',
    async (type) => {
      answer(200, { 'content-type': type }, '{"a":1}')
      expect(await client.get('/rest/v1.0/x')).toEqual({ a: 1 })
    },
  )

  it.each([
    [200, JSON_TYPE],
    [201, {}],
    [204, {}],
    [205, {}],
  ])('is undefined when it is empty (%i)', async (status, headers) => {
    answer(status, headers)
    expect(await client.delete('/rest/v1.0/x')).toBeUndefined()
  })

  it('is text when it is something else', async () => {
    answer(200, { 'content-type': 'text/csv' }, 'a,b\n1,2')
    expect(await client.get('/rest/v1.0/x')).toBe('a,b\n1,2')
  })

  it('is an error of ours, which quotes nothing, when its JSON is broken', async () => {
    answer(200, JSON_TYPE, '{"secret":"hunter2","b":')
    const error: unknown = await client.get('/rest/v1.0/x').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_PROCORE_API_UNREACHABLE' })
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2')
  })

  it('is an error of ours when the connection breaks in the middle of its body', async () => {
    procore.answerApi = (_, res) => {
      res.writeHead(200, { ...JSON_TYPE, 'content-length': '100' })
      res.write('{"a":', () => res.destroy())
      return true
    }
    await expect(client.get('/rest/v1.0/x')).rejects.toMatchObject({
      code: 'ERR_PROCORE_API_UNREACHABLE',
    })
  })

  it('is an error of ours when it does not come in time', async () => {
    const impatient = await procore.signedIn({ apiTimeoutMs: 50 })
    procore.answerApi = () => new Promise(() => undefined)
    await expect(impatient.forUser('jim').forCompany(42).get('/rest/v1.0/x')).rejects.toMatchObject(
      { code: 'ERR_PROCORE_API_UNREACHABLE' },
    )
  })

  it('is an error of ours when nothing listens', async () => {
    await procore.close()
    await expect(client.get('/rest/v1.0/x')).rejects.toMatchObject({
      code: 'ERR_PROCORE_API_UNREACHABLE',
    })
  })
})

describe('an answer that is not a success', () => {
  it('is an error with status, method, path, request id and body', async () => {
    const body = { errors: { name: ['required'] } }
    answer(422, { ...JSON_TYPE, 'x-request-id': 'abc-123' }, JSON.stringify(body))
    await expect(client.post('/rest/v1.0/x?token=hunter2', { name: '' })).rejects.toMatchObject({
      name: 'ProcoreApiError',
      code: 'ERR_PROCORE_API',
      status: 422,
      method: 'POST',
      path: '/rest/v1.0/x',
      requestId: 'abc-123',
      body,
    })
  })

  it('keeps the query out of its message, where searches and signatures are', async () => {
    answer(404, {})
    const error: unknown = await client
      .get('/rest/v1.0/x', { query: { search: 'hunter2' } })
      .catch((reason: unknown) => reason)
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2')
  })

  it.each([
    ['a page of HTML', { 'content-type': 'text/html' }, '<h1>503</h1>'],
    ['text', { 'content-type': 'text/plain' }, 'upstream request timeout'],
    ['nothing', {}, ''],
    ['JSON that is broken', JSON_TYPE, '{"error":'],
    ['HTML that is declared as JSON', JSON_TYPE, '<html>'],
    ['a megabyte of HTML', { 'content-type': 'text/html' }, '<p>'.repeat(400_000)],
  ])('has no body when that is %s', async (_, headers, body) => {
    answer(503, headers, body)
    const error: unknown = await client.get('/rest/v1.0/x').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ status: 503, body: undefined })
    expect(inspect(error, { depth: 9 })).not.toMatch(/<p>|<h1>|<html>|upstream/)
  })

  it.each([
    ['v2', { error: { code: 'x', message: 'm', details: [] } }],
    ['text', { error: 'App is not here' }],
    ['a list', ['x']],
    ['null', null],
  ])('keeps its JSON as it is: %s', async (_, body) => {
    answer(400, JSON_TYPE, JSON.stringify(body))
    await expect(client.get('/rest/v1.0/x')).rejects.toMatchObject({ status: 400, body })
  })

  it('leaves its connection usable', async () => {
    answer(500, { 'content-type': 'text/html' }, '<p>'.repeat(400_000))
    await expect(client.get('/rest/v1.0/x')).rejects.toMatchObject({ status: 500 })
    procore.answerApi = () => false
    expect(await client.get('/rest/v1.0/x')).toMatchObject({ company: '42' })
  })
})

describe('a call', () => {
  it('sends JSON, the query and the headers of the caller', async () => {
    await client.post(
      '/rest/v1.0/x?a=1',
      { b: [1] },
      {
        query: { c: 'd e', list: [1, 2], no: undefined, yes: true },
        headers: { 'X-Own': '1', 'content-type': 'application/merge-patch+json' },
      },
    )
    const sent = procore.apiCalls[0]
    expect(sent?.url).toBe('/rest/v1.0/x?a=1&c=d+e&list=1&list=2&yes=true')
    expect(sent?.body).toBe('{"b":[1]}')
    expect(sent?.headers).toMatchObject({
      'x-own': '1',
      'content-type': 'application/merge-patch+json',
    })
  })

  it('sends no body and no content type when there is none', async () => {
    await client.post('/rest/v1.0/x')
    expect(procore.apiCalls[0]?.body).toBe('')
    expect(procore.apiCalls[0]?.headers).not.toHaveProperty('content-type')
  })

  it('does not change what the caller passed', async () => {
    const options = Object.freeze({
      query: Object.freeze({ a: 1 }),
      headers: Object.freeze({ A: 'b', Authorization: 'mine' }),
    })
    await client.get('/rest/v1.0/x', options)
    expect(options.headers).toEqual({ A: 'b', Authorization: 'mine' })
  })

  it.each(['a\r\nx-evil: 1', 'a\0', 'a\nb'])(
    'with a header that would split the request is refused as an argument: %j',
    async (value) => {
      await expect(
        client.get('/rest/v1.0/x', { headers: { 'x-own': value } }),
      ).rejects.toMatchObject({ code: 'ERR_PROCORE_ARGUMENT_INVALID' })
      expect(procore.seen).toEqual([])
    },
  )

  it('is stopped by its signal, before and while it runs, with the reason of the signal', async () => {
    const reason = new Error('enough')
    const before = AbortSignal.abort(reason)
    await expect(client.get('/rest/v1.0/x', { signal: before })).rejects.toBe(reason)
    expect(procore.seen).toEqual([])
    procore.answerApi = () => new Promise(() => undefined)
    const controller = new AbortController()
    const call = client.get('/rest/v1.0/x', { signal: controller.signal })
    await expect.poll(() => procore.seen.length).toBe(1)
    controller.abort(reason)
    await expect(call).rejects.toBe(reason)
  })

  it('is stopped by its signal while the body comes, with the reason of the signal', async () => {
    const reason = new Error('enough')
    const controller = new AbortController()
    procore.answerApi = (_, res) => {
      res.writeHead(200, JSON_TYPE)
      res.write('{"a":', () => setImmediate(() => controller.abort(reason)))
      return true
    }
    const call = client.get('/rest/v1.0/x', { signal: controller.signal })
    await expect(call).rejects.toBe(reason)
  })

  it('that is stopped does not stop the refresh it waits for', async () => {
    procore.revokeAccess()
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    procore.answerLogin = async () => {
      await held
      return false
    }
    const refreshed = new Promise((resolve) => auth.on('tokens-refreshed', resolve))
    const controller = new AbortController()
    const stopped = client.get('/rest/v1.0/x', { signal: controller.signal })
    const waiting = client.get('/rest/v1.0/y')
    await expect.poll(() => procore.refreshes).toBe(1)
    controller.abort()
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
    release()
    await refreshed
    expect(await waiting).toMatchObject({ url: '/rest/v1.0/y' })
    expect(procore.refreshes).toBe(1)
  })

  it('may share one signal with a hundred others without a warning', async () => {
    const warnings: unknown[] = []
    const listen = (warning: unknown): number => warnings.push(warning)
    process.on('warning', listen)
    const { signal } = new AbortController()
    await Promise.all(Array.from({ length: 100 }, () => client.get('/rest/v1.0/x', { signal })))
    await Promise.all(Array.from({ length: 100 }, () => client.fetch('/rest/v1.0/x', { signal })))
    await new Promise(setImmediate)
    process.off('warning', listen)
    expect(warnings).toEqual([])
  })
})
