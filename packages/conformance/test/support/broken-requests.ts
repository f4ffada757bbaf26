import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import {
  type AuthRequest,
  type AuthResponse,
  createProcoreAuth,
  type ProcoreAuth,
  type ProcoreAuthOptions,
  type ProcoreContext,
} from '@procore-auth/core'
import { toAuthReply } from '@procore-auth/core/node'
import { type Exchange, SoundAdapter } from './sound-adapter.js'

/** Keeps the context of a request where the next one finds it. */
export class SharesContexts extends SoundAdapter {
  #latest: ProcoreContext | undefined

  override async serve(exchange: Exchange): Promise<boolean> {
    this.#latest = super.context(exchange)
    return super.serve(exchange)
  }

  override context(exchange: Exchange): ProcoreContext {
    return this.#latest ?? super.context(exchange)
  }
}

/** Makes a context whenever it is asked for one. */
export class ForgetsContexts extends SoundAdapter {
  override context({ req, res }: Exchange): ProcoreContext {
    return super.context({ req: Object.create(req), res })
  }
}

/** Looks who is there before anybody asks. */
export class LooksAtOnce extends SoundAdapter {
  override async serve(exchange: Exchange): Promise<boolean> {
    if (this.context(exchange).isAuthenticated) exchange.res.setHeader('vary', 'cookie')
    return super.serve(exchange)
  }
}

/** Asks Procore who is there, with every request that is guarded. */
export class AsksProcore extends SoundAdapter {
  override async guard(exchange: Exchange): Promise<boolean> {
    if (await super.guard(exchange)) return true
    await this.context(exchange).client.get('/rest/v1.0/me')
    return false
  }
}

/** Believes the host that the request names. */
export class TrustsHost extends SoundAdapter {
  protected override handle(request: AuthRequest): Promise<AuthResponse> | undefined {
    const host = request.header('x-forwarded-host') ?? request.header('host')
    return super.handle(request)?.then((answer) => onHost(answer, host))
  }
}

function onHost(answer: AuthResponse, host: string | undefined): AuthResponse {
  const { location } = answer.headers
  if (typeof location !== 'string' || !location.startsWith('/')) return answer
  return { ...answer, headers: { ...answer.headers, location: `http://${host}${location}` } }
}

/** Believes the prefix that the request names. */
export class TrustsPrefix extends SoundAdapter {
  protected override read(req: IncomingMessage): AuthRequest {
    const request = super.read(req)
    return { ...request, url: (request.header('x-forwarded-prefix') ?? '') + request.url }
  }
}

/** Believes the scheme that the request names. */
export class TrustsScheme extends SoundAdapter {
  protected override handle(request: AuthRequest): Promise<AuthResponse> | undefined {
    const plain = request.header('x-forwarded-proto') !== 'https'
    return super.handle(request)?.then((answer) => {
      const cookies = [answer.headers['set-cookie'] ?? []].flat()
      const bare = cookies.map((cookie) => cookie.replace('; Secure', ''))
      return plain ? { ...answer, headers: { ...answer.headers, 'set-cookie': bare } } : answer
    })
  }
}

/** Believes the method that the request names. */
export class TrustsMethod extends SoundAdapter {
  protected override read(req: IncomingMessage): AuthRequest {
    const request = super.read(req)
    return { ...request, method: request.header('x-http-method-override') ?? request.method }
  }
}

/** Takes HEAD for GET. */
export class TakesHeadForGet extends SoundAdapter {
  protected override read(req: IncomingMessage): AuthRequest {
    const request = super.read(req)
    return { ...request, method: request.method === 'HEAD' ? 'GET' : request.method }
  }
}

/** Knows GET and POST alone. */
export class KnowsTwoMethods extends SoundAdapter {
  protected override handle(request: AuthRequest): Promise<AuthResponse> | undefined {
    return /^(GET|POST)$/.test(request.method) ? super.handle(request) : undefined
  }
}

/** Answers every HEAD itself. */
export class AnswersEveryHead extends SoundAdapter {
  override async serve(exchange: Exchange): Promise<boolean> {
    if (exchange.req.method !== 'HEAD') return super.serve(exchange)
    exchange.res.end()
    return true
  }
}

/** Gives the cookies and what is accepted on, and no other header. */
export class DropsRequestHeaders extends SoundAdapter {
  protected override read(req: IncomingMessage): AuthRequest {
    const request = super.read(req)
    const header = (name: string): string | undefined =>
      ['cookie', 'accept'].includes(name) ? request.header(name) : undefined
    return { ...request, header }
  }
}

/** Gives no header on. */
export class DropsAllHeaders extends SoundAdapter {
  protected override read(req: IncomingMessage): AuthRequest {
    return { ...super.read(req), header: () => undefined }
  }
}

/** Gives the path on without its query. */
export class DropsQueries extends SoundAdapter {
  protected override read(req: IncomingMessage): AuthRequest {
    const request = super.read(req)
    return { ...request, url: request.url.split('?')[0] ?? '/' }
  }
}

/** Does not say which request it was. */
export class DropsRaw extends SoundAdapter {
  protected override read(req: IncomingMessage): AuthRequest {
    return { ...super.read(req), raw: undefined }
  }
}

/** Tidies paths up before it looks at them. */
export class TidiesPaths extends SoundAdapter {
  protected override read(req: IncomingMessage): AuthRequest {
    const request = super.read(req)
    const [path = '', ...query] = request.url.split('?')
    const tidy = path.toLowerCase().replace(/\/$/, '') || '/'
    return { ...request, url: [tidy, ...query].join('?') }
  }
}

/** Decodes cookies, and fails at those that cannot be decoded. */
export class DecodesCookies extends SoundAdapter {
  protected override read(req: IncomingMessage): AuthRequest {
    const request = super.read(req)
    const header = (name: string): string | undefined =>
      name === 'cookie' ? decodeURIComponent(request.header(name) ?? '') : request.header(name)
    return { ...request, header }
  }
}

/** Sees the path that its router sees, without the prefix. */
export class SeesStrippedPaths extends SoundAdapter {
  protected override read(req: IncomingMessage): AuthRequest {
    const request = super.read(req)
    return { ...request, url: request.url.replace(/^\/(portal|one|two)(?=\/)/, '') }
  }
}

/** Serves outside its router too. */
export class CoversEverything extends SoundAdapter {
  #path = ''

  override covers(url: string, path: string): boolean {
    this.#path = path
    return path === '/portal' || super.covers(url, path)
  }

  protected override read(req: IncomingMessage): AuthRequest {
    const request = super.read(req)
    const isOutside = !request.url.startsWith(`${this.#path}/`)
    return isOutside ? { ...request, url: this.#path + request.url } : request
  }
}

/** Reads the body before the application does. */
export class ReadsBodies extends SoundAdapter {
  override async serve(exchange: Exchange): Promise<boolean> {
    if (!exchange.req.readableEnded) await text(exchange.req)
    return super.serve(exchange)
  }
}

/** Hands on what is needed to connect, and no other option. */
export class ForgetsOptions extends SoundAdapter {
  protected override create(options: ProcoreAuthOptions): ProcoreAuth {
    const { environment, clientId, clientSecret, redirectUri, secret } = options
    return super.create({ environment, clientId, clientSecret, redirectUri, secret })
  }
}

/** Has one sign-in for all that it is mounted for. */
export class SharesSignIns extends SoundAdapter {
  static #created = new Map<unknown, ProcoreAuth>()

  protected override create(options: ProcoreAuthOptions): ProcoreAuth {
    // The store of the suite is what the mounts of one application have in common.
    const known = SharesSignIns.#created.get(options.tokenStore)
    const created = known ?? super.create(options)
    SharesSignIns.#created.set(options.tokenStore, created)
    return created
  }
}

/** Makes a sign-in for each request. */
export class ForgetsSignIns extends SoundAdapter {
  readonly #options: ProcoreAuthOptions

  constructor(options: ProcoreAuthOptions) {
    super(options)
    this.#options = options
  }

  override context({ req, res }: Exchange): ProcoreContext {
    const reply = toAuthReply(res)
    return createProcoreAuth(this.#options).context(this.read(req), reply)
  }

  protected override handle(request: AuthRequest): Promise<AuthResponse> | undefined {
    return createProcoreAuth(this.#options).handle(request)
  }
}

/** Remembers the answer of each URL. */
export class RemembersAnswers extends SoundAdapter {
  readonly #answers = new Map<string, Promise<AuthResponse>>()

  protected override handle(request: AuthRequest): Promise<AuthResponse> | undefined {
    const key = `${request.method} ${request.url}`
    const answer = this.#answers.get(key) ?? super.handle(request)
    if (answer) this.#answers.set(key, answer)
    return answer
  }
}

/** Tries once more what failed. */
export class TriesAgain extends SoundAdapter {
  protected override handle(request: AuthRequest): Promise<AuthResponse> | undefined {
    return super.handle(request)?.then(async (answer) => {
      return answer.status < 500 ? answer : ((await super.handle(request)) ?? answer)
    })
  }
}

/** Takes nobody for who was there last. */
export class RemembersPeople extends SoundAdapter {
  #last: ProcoreContext | undefined

  override context(exchange: Exchange): ProcoreContext {
    const context = super.context(exchange)
    if (context.isAuthenticated) this.#last = context
    return this.#last ?? context
  }
}

/** Asks the store with every request. */
export class LooksForGrants extends SoundAdapter {
  override async serve(exchange: Exchange): Promise<boolean> {
    await this.auth.status('somebody')
    return super.serve(exchange)
  }
}

/** Ends the other logins of a browser when one begins. */
export class EndsOtherTabs extends SoundAdapter {
  protected override handle(request: AuthRequest): Promise<AuthResponse> | undefined {
    const names = (request.header('cookie') ?? '').match(/procore-login-[^=]*/g) ?? []
    const ended = names.map((name) => `${name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax`)
    return super.handle(request)?.then((answer) => {
      const cookies = [answer.headers['set-cookie'] ?? [], ended].flat()
      return { ...answer, headers: { ...answer.headers, 'set-cookie': cookies } }
    })
  }
}
