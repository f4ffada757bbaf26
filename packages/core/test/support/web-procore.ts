import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createProcoreAuth, type ProcoreAuth, type ProcoreAuthOptions } from '../../src/index.js'

/** A request that arrived at the stand-in. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Answers an API call in place of the stand-in; returns false to leave it to the stand-in. */
export type ApiAnswer = (seen: Seen, res: ServerResponse) => boolean | Promise<boolean>

interface Pair {
  readonly access: string
  readonly refresh: string | undefined
  alive: boolean
}

/** Tokens of the stand-in begin with this, so that a leak is found by searching for it. */
export const CANARY = 'canary0'
export const CLIENT_SECRET = `${CANARY}-client-secret-9f8e7d6c5b4a`

const USER = { id: 562949953430360, login: 'jim@example.com', name: 'Jim Example' }

/** A stand-in for Procore on one port, small enough to be bent into any shape. */
export class WebProcore {
  readonly seen: Seen[] = []
  readonly origin: string
  /** Decides API calls before the stand-in does. */
  answerApi: ApiAnswer = () => false
  /** Decides requests to the login origin before the stand-in does. */
  answerLogin: ApiAnswer = () => false
  /** Seconds that new tokens live. */
  lifetimeSeconds = 5400
  readonly #server: Server
  readonly #pairs: Pair[] = []

  private constructor(server: Server, origin: string) {
    this.#server = server
    this.origin = origin
  }

  static async start(): Promise<WebProcore> {
    let started: WebProcore | undefined
    const server = createServer((req, res) => {
      started?.handle(req, res).catch(() => res.destroy())
    })
    started = new WebProcore(server, await listen(server))
    return started
  }

  get environment(): { loginOrigin: string; apiOrigin: string } {
    return { loginOrigin: this.origin.replace('127.0.0.1', 'localhost'), apiOrigin: this.origin }
  }

  /** API calls that arrived, token/info and the like not counted. */
  get apiCalls(): readonly Seen[] {
    return this.seen.filter(({ url }) => !url.startsWith('/oauth/'))
  }

  /** Token requests of one grant type. */
  tokenPosts(grantType: string): number {
    return this.seen.filter(
      ({ url, body }) =>
        url === '/oauth/token' && new URLSearchParams(body).get('grant_type') === grantType,
    ).length
  }

  get refreshes(): number {
    return this.tokenPosts('refresh_token')
  }

  /** How often a path was asked for. */
  count(path: string): number {
    return this.seen.filter(({ url }) => url.split('?')[0] === path).length
  }

  /** Kills every access token, as Procore does when a user changes the password. */
  revokeAccess(): void {
    for (const pair of this.#pairs) pair.alive = false
  }

  /** Options of an application that talks to this stand-in. */
  options(more: Partial<ProcoreAuthOptions> = {}): ProcoreAuthOptions {
    return {
      environment: this.environment,
      clientId: 'client-1',
      clientSecret: CLIENT_SECRET,
      ...more,
    }
  }

  /** Creates an application with one signed-in principal, `jim`. */
  async signedIn(more: Partial<ProcoreAuthOptions> = {}): Promise<ProcoreAuth> {
    const auth = createProcoreAuth(this.options(more))
    await auth.installedApp({ principal: 'jim' }).complete('a-code-of-procore')
    this.seen.length = 0
    return auth
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await read(req)
    const seen = { method: req.method ?? '', url: req.url ?? '', headers: req.headers, body }
    this.seen.push(seen)
    if (seen.url.startsWith('/oauth/')) {
      if (!(await this.answerLogin(seen, res))) this.#login(seen, res)
    } else if (!(await this.answerApi(seen, res))) this.#api(seen, res)
  }

  /** Whether a bearer is alive. */
  honours(authorization: string | undefined): boolean {
    return this.#pairs.some(({ access, alive }) => alive && authorization === `Bearer ${access}`)
  }

  #login({ url, headers, body }: Seen, res: ServerResponse): void {
    const form = new URLSearchParams(body)
    if (url === '/oauth/token/info') {
      const valid = this.honours(headers.authorization)
      const info = { resource_owner_id: 1, application: { uid: 'client-1' } }
      json(res, valid ? 200 : 401, valid ? info : { error: 'invalid_token' })
    } else if (url === '/oauth/revoke') {
      for (const pair of this.#pairs) if (pair.access === form.get('token')) pair.alive = false
      json(res, 200, {})
    } else if (url === '/oauth/token') this.#token(form, res)
    else json(res, 404, {})
  }

  #token(form: URLSearchParams, res: ServerResponse): void {
    const grantType = form.get('grant_type')
    if (grantType === 'refresh_token') {
      const refreshed = this.#pairs.find(({ refresh }) => refresh === form.get('refresh_token'))
      if (refreshed !== this.#pairs.at(-1)) {
        json(res, 400, { error: 'invalid_grant' })
        return
      }
      if (refreshed) refreshed.alive = false
    }
    const number = this.#pairs.length
    const pair = {
      access: `${CANARY}-access-${number}`,
      refresh: grantType === 'client_credentials' ? undefined : `${CANARY}-refresh-${number}`,
      alive: true,
    }
    this.#pairs.push(pair)
    json(res, 200, {
      access_token: pair.access,
      token_type: 'Bearer',
      expires_in: this.lifetimeSeconds,
      ...(pair.refresh && { refresh_token: pair.refresh }),
      created_at: Math.floor(Date.now() / 1000),
    })
  }

  #api({ method, url, headers, body }: Seen, res: ServerResponse): void {
    const echo = { method, url, company: headers['procore-company-id'], body }
    if (!this.honours(headers.authorization)) json(res, 401, { error: 'invalid_token' })
    else json(res, 200, url === '/rest/v1.0/me' ? USER : echo)
  }
}

/** Sends JSON. */
export function json(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  res.end(JSON.stringify(body))
}

/** Makes a server listen on a free port and returns its origin. */
export function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      resolve(`http://127.0.0.1:${port}`)
    })
  })
}

async function read(req: IncomingMessage): Promise<string> {
  req.setEncoding('utf8')
  let text = ''
  for await (const chunk of req) text += String(chunk)
  return text
}
