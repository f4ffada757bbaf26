import { createProcoreAuth, type ProcoreAuthOptions } from '@procore-auth/core'
import { procoreAuth, type WithProcore } from '@procore-auth/fetch'
import { createSimulator, type Simulator } from '@procore-auth/simulator'

export const ORIGIN = 'http://localhost:4567'

/** Answers as a server would. */
export type Serve = (request: Request) => Response | Promise<Response>

/** A browser's cookies, in front of a handler. */
export class Browser {
  readonly #serve: Serve
  readonly #jar = new Map<string, string>()

  constructor(serve: Serve) {
    this.#serve = serve
  }

  async send(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers({ accept: 'text/html', cookie: this.cookie })
    for (const [name, value] of new Headers(init.headers)) headers.set(name, value)
    const response = await this.#serve(new Request(new URL(url, ORIGIN), { ...init, headers }))
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(line) ?? []
      if (value) this.#jar.set(name, value)
      else this.#jar.delete(name)
    }
    return response
  }

  get cookie(): string {
    return [...this.#jar].map((pair) => pair.join('=')).join('; ')
  }
}

/** Sign-in that is configured, and its Procore. */
export class Site {
  readonly procore: Simulator
  readonly withProcore: WithProcore

  constructor(procore: Simulator, withProcore: WithProcore) {
    this.procore = procore
    this.withProcore = withProcore
  }

  static async open(options: Partial<ProcoreAuthOptions<Request>> = {}): Promise<Site> {
    const { redirectUri = `${ORIGIN}/auth/procore/callback` } = options
    const procore = await createSimulator({ redirectUris: [redirectUri] })
    const auth = createProcoreAuth<Request>({
      environment: { loginOrigin: procore.loginOrigin, apiOrigin: procore.apiOrigin },
      ...procore.app,
      redirectUri,
      secret: 'canary0 session secret, 32 characters and more',
      ...options,
    })
    return new Site(procore, procoreAuth(auth))
  }

  /** Lets Jim allow what a redirect to Procore asks; returns path and query of the callback. */
  async allow(login: Response): Promise<string> {
    const asked = new URL(login.headers.get('location') ?? '').searchParams
    const back = await this.procore.authorize({
      state: asked.get('state') ?? '',
      redirectUri: asked.get('redirect_uri') ?? '',
    })
    return back.slice(new URL(back).origin.length)
  }

  /** Signs Jim in in a new browser. */
  async signIn(serve: Serve): Promise<Browser> {
    const browser = new Browser(serve)
    await browser.send(await this.allow(await browser.send('/auth/procore/login')))
    return browser
  }
}

/** Returns the names of the cookies that a response sets, without what is random in them. */
export function cookieNames(response: Response): string[] {
  return response.headers.getSetCookie().map((line) => line.split(/-\w{8}|=/)[0] ?? '')
}
