import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createProcoreAuth, type ProcoreAuth } from '../../src/index.js'
import { sendAuthResponse, toAuthReply, toAuthRequest } from '../../src/node/index.js'
import { listen, WebProcore } from '../support/web-procore.js'

describe("Node's own HTTP server", () => {
  let procore: WebProcore
  let auth: ProcoreAuth
  let server: Server
  let origin: string

  beforeEach(async () => {
    procore = await WebProcore.start()
    auth = createProcoreAuth(
      procore.options({
        redirectUri: 'http://localhost:4567/auth/procore/callback',
        secret: 'an own secret of 32 characters or more',
      }),
    )
    server = createServer((req, res) => {
      const request = toAuthRequest(req)
      const context = auth.context(request, toAuthReply(res))
      res.setHeader('set-cookie', 'theirs=1')
      const answer = auth.handle(request)
      if (answer !== undefined) void answer.then((response) => sendAuthResponse(res, response))
      else if (request.url === '/enter') context.login({ returnTo: '/x' })
      else if (request.url === '/leave') void context.logout().then(() => res.end('left'))
      else res.end(String(context.isAuthenticated))
    })
    origin = await listen(server)
  })
  afterEach(async () => {
    server.closeAllConnections()
    server.close()
    await procore.close()
  })

  const get = (path: string, cookie = ''): Promise<Response> =>
    fetch(origin + path, { redirect: 'manual', headers: { cookie, accept: 'text/html' } })

  const pair = (cookie: string | undefined): string => cookie?.split(';')[0] ?? ''

  it('signs in, keeps cookies that are not ours, and signs out', async () => {
    const login = await get('/auth/procore/login?returnTo=/x')
    const state = new URL(login.headers.get('location') ?? '').searchParams.get('state')
    const [theirs, ours] = login.headers.getSetCookie()
    expect(theirs).toBe('theirs=1')
    const path = `/auth/procore/callback?code=a-code&state=${state}`
    const callback = await get(path, pair(ours))
    expect([callback.status, callback.headers.get('location')]).toEqual([303, '/x'])
    const session = pair(callback.headers.getSetCookie().at(-1))
    expect(await (await get('/', session)).text()).toBe('true')
    const left = await get('/leave', session)
    expect(await left.text()).toBe('left')
    expect(left.headers.getSetCookie()).toHaveLength(2)
  })

  it('is answered by context.login with everything that the login route sends', async () => {
    const answer = await get('/enter')
    expect(answer.status).toBe(302)
    expect(answer.headers.getSetCookie()).toHaveLength(2)
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it.each([
    'GET http://evil.example/auth/procore/login HTTP/1.1',
    'GET //evil.example/auth/procore/login HTTP/1.1',
    'GET /auth/procore/login%00 HTTP/1.1',
    'GET /auth/procore/../procore/login HTTP/1.1',
    'GET /auth/procore/login; HTTP/1.1',
    'GET * HTTP/1.1',
    'OPTIONS * HTTP/1.1',
  ])('takes no other request target for a route: %s', async (line) => {
    const { port } = new URL(origin)
    const answer = await new Promise<string>((resolve, reject) => {
      let text = ''
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(`${line}\r\nhost: x\r\nconnection: close\r\n\r\n`)
      })
      socket.on('data', (chunk) => {
        text += String(chunk)
      })
      socket.on('end', () => resolve(text))
      socket.on('error', reject)
    })
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK/)
    expect(answer).not.toMatch(/location:|procore-login/i)
  })
})

describe('handle', () => {
  const untouchable = {
    method: 'GET',
    url: '/other?x=/auth/procore/login',
    header: (name: string): string => {
      throw new Error(`${name} was read`)
    },
    raw: undefined,
  }

  it('looks at nothing but the path of a request that is not its own', () => {
    const auth = createProcoreAuth({
      environment: 'sandbox',
      clientId: 'client-1',
      clientSecret: 'secret-1',
      redirectUri: 'http://localhost:4567/auth/procore/callback',
      secret: 'an own secret of 32 characters or more',
    })
    expect(auth.handle(untouchable)).toBeUndefined()
    const context = auth.context(untouchable, {
      addCookies: () => undefined,
      isSent: () => false,
      send: () => undefined,
    })
    expect(() => context.isAuthenticated).toThrow('cookie was read')
  })
})
