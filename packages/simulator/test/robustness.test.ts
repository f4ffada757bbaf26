import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Simulator } from '../src/index.js'
import { meStatus, post, signIn, start } from './support/simulator.js'

const rejections: unknown[] = []
const note = (reason: unknown) => rejections.push(reason)
process.on('unhandledRejection', note)
afterEach(() => {
  expect(rejections.splice(0)).toEqual([])
})

async function sendRaw(origin: string, text: string | Buffer): Promise<string> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => {})
  socket.write(text)
  socket.setTimeout(300, () => socket.destroy())
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

async function stillWorks(procore: Simulator): Promise<void> {
  expect(await meStatus(procore, await signIn(procore))).toBe(200)
}

describe('a hostile request does no harm', () => {
  const close = 'Host: localhost\r\nConnection: close\r\n'

  it.each(['\r\nSet-Cookie: a=b', '\0', '\u{1f600}', '%', "'; drop table users", '../../etc'])(
    'with %j in every parameter',
    async (value) => {
      const procore = await start()
      const names = ['grant_type', 'code', 'refresh_token', 'token', 'client_id', 'client_secret']
      const rest = ['state', 'scope', 'redirect_uri', 'return_to', 'email', 'password', '_method']
      const fields = Object.fromEntries([...names, ...rest].map((name) => [name, value]))
      const query = new URLSearchParams(fields)
      for (const path of ['/oauth/token', '/oauth/revoke', '/login', '/oauth/authorize']) {
        expect((await post(`${procore.loginOrigin}${path}`, fields)).status).toBeLessThan(500)
        const url = `${procore.loginOrigin}${path}?${query}`
        const response = await fetch(url, { redirect: 'manual' })
        expect(response.status).toBeLessThan(500)
        expect(response.headers.get('set-cookie') ?? '').not.toContain('a=b')
      }
      await stillWorks(procore)
    },
  )

  it('with a line break in the state, which stays encoded in the redirect', async () => {
    const procore = await start()
    const location = await procore.authorize({ state: 'a\r\nSet-Cookie: b=c' })
    expect(location).toContain('state=a%0D%0ASet-Cookie%3A+b%3Dc')
  })

  it('with parameters that come twice: the last one counts', async () => {
    const procore = await start()
    const body = 'grant_type=refresh_token&grant_type=password'
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const url = `${procore.loginOrigin}/oauth/token`
    const response = await fetch(url, { method: 'POST', body, headers })
    expect(await response.json()).toMatchObject({ error: 'unsupported_grant_type' })
  })

  it('with a body beyond the limit', async () => {
    const procore = await start()
    const body = `a=${'x'.repeat(1_200_000)}`
    const url = `${procore.loginOrigin}/oauth/token`
    expect((await fetch(url, { method: 'POST', body })).status).toBe(413)
    await stillWorks(procore)
  })

  it('with a cookie header of 100 kB', async () => {
    const procore = await start()
    const cookie = `Cookie: a=${'x'.repeat(100_000)}\r\n`
    const answer = await sendRaw(
      procore.loginOrigin,
      `GET /login HTTP/1.1\r\n${close}${cookie}\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
    await stillWorks(procore)
  })

  it.each(['[]', 'null', '"text"', '1', '{"grant_type":{"a":[]}}', `${'['.repeat(100_000)}`])(
    'with the JSON body %.20j',
    async (body) => {
      const procore = await start()
      const headers = { 'Content-Type': 'application/json' }
      const url = `${procore.loginOrigin}/oauth/token`
      expect((await fetch(url, { method: 'POST', body, headers })).status).toBe(400)
      await stillWorks(procore)
    },
  )

  it('with a multipart body that has no boundary', async () => {
    const procore = await start()
    const headers = { 'Content-Type': 'multipart/form-data' }
    const url = `${procore.loginOrigin}/oauth/token`
    expect((await fetch(url, { method: 'POST', body: 'x', headers })).status).toBe(400)
  })

  it.each([
    ['an empty host', 'GET /login HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n'],
    ['a host of nonsense', 'GET /login HTTP/1.1\r\nHost: a b/@?\r\nConnection: close\r\n\r\n'],
    ['two slashes', `GET //evil.example/ HTTP/1.1\r\n${close}\r\n`],
    ['an absolute target', `GET http://evil.example/login HTTP/1.1\r\n${close}\r\n`],
    ['a broken escape in the path', `GET /oauth/%zz%ff HTTP/1.1\r\n${close}\r\n`],
    ['a star', `OPTIONS * HTTP/1.1\r\n${close}\r\n`],
    ['another protocol', `GET /login HTTP/1.1\r\n${close}Upgrade: websocket\r\n\r\n`],
    ['TRACE', `TRACE / HTTP/1.1\r\n${close}\r\n`],
    ['CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n'],
    ['garbage', '\0\x01\x02\r\n\r\n'],
    ['a body that breaks off', `POST /oauth/token HTTP/1.1\r\n${close}Content-Length: 5\r\n\r\na`],
  ])('with %s', async (_name, text) => {
    const procore = await start()
    for (const origin of [procore.loginOrigin, procore.apiOrigin]) {
      const answer = await sendRaw(origin, text)
      expect(answer).not.toMatch(/^HTTP\/1\.1 5/)
    }
    await stillWorks(procore)
  })

  it('with bytes beyond ASCII in the path and the query', async () => {
    const procore = await start()
    const text = `GET /login\xff?a=\xfe HTTP/1.1\r\n${close}\r\n`
    expect(await sendRaw(procore.loginOrigin, Buffer.from(text, 'latin1'))).not.toMatch(
      /^HTTP\/1\.1 5/,
    )
    await stillWorks(procore)
  })

  it('with credentials of nonsense', async () => {
    const procore = await start()
    for (const value of ['Basic', 'Basic ', 'Basic %%%', 'Basic Og==', 'Bearer', 'Bearer  ', 'x']) {
      const headers = { Authorization: value }
      const fields = { grant_type: 'client_credentials' }
      const token = await post(`${procore.loginOrigin}/oauth/token`, fields, headers)
      expect(token.status).toBe(401)
      expect((await fetch(`${procore.apiOrigin}/rest/v1.0/me`, { headers })).status).toBe(401)
    }
  })
})
