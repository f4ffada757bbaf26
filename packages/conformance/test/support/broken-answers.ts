import type { ServerResponse } from 'node:http'
import type { AuthResponse } from '@procore-auth/core'
import { sendAuthResponse } from '@procore-auth/core/node'
import { type Exchange, SoundAdapter } from './sound-adapter.js'

/** Ends the answer itself when something fails, so that nobody hears of it. */
export class SwallowsErrors extends SoundAdapter {
  override async serve(exchange: Exchange): Promise<boolean> {
    return this.#quietly(exchange, super.serve(exchange))
  }

  override async guard(exchange: Exchange): Promise<boolean> {
    return this.#quietly(exchange, super.guard(exchange))
  }

  async #quietly({ res }: Exchange, work: Promise<boolean>): Promise<boolean> {
    try {
      return await work
    } catch {
      res.statusCode = 503
      res.end('handled')
      return true
    }
  }
}

/** Takes the errors of what stands behind it for its own, and ends the answer itself. */
export class SwallowsForeignErrors extends SoundAdapter {
  override async run(exchange: Exchange, next: () => Promise<void>): Promise<void> {
    const { res } = exchange
    await super.run(exchange, () =>
      next().catch((error: unknown) => {
        res.statusCode = Object(error).status ?? 500
        res.end('handled')
      }),
    )
  }
}

/** Passes a request on again when what stands behind it fails. */
export class PassesOnTwice extends SoundAdapter {
  override async run(exchange: Exchange, next: () => Promise<void>): Promise<void> {
    await super.run(exchange, () => next().catch(next))
  }
}

/** Answers nothing when something fails. */
export class HangsOnErrors extends SoundAdapter {
  override async serve(exchange: Exchange): Promise<boolean> {
    return super.serve(exchange).catch(() => true)
  }

  override async guard(exchange: Exchange): Promise<boolean> {
    return super.guard(exchange).catch(() => true)
  }
}

/** Does not wait for its own work, and so never hears that it failed. */
export class LosesRejections extends SoundAdapter {
  override async serve({ req, res }: Exchange): Promise<boolean> {
    const pending = this.handle(this.read(req))
    void pending?.then((answer) => this.send(res, answer))
    return pending !== undefined
  }
}

/** Answers, and lets the application answer as well. */
export class AnswersAndPassesOn extends SoundAdapter {
  override async serve(exchange: Exchange): Promise<boolean> {
    await super.serve(exchange)
    return false
  }
}

/** Answers a request that is refused, and runs its handler all the same. */
export class RefusesAndPassesOn extends SoundAdapter {
  override async guard(exchange: Exchange): Promise<boolean> {
    await super.guard(exchange)
    return false
  }
}

/** Lets everybody through. */
export class GuardsNothing extends SoundAdapter {
  override async guard(): Promise<boolean> {
    return false
  }
}

/** Leads everybody to login, programs and forms too. */
export class RedirectsEverybody extends SoundAdapter {
  override async guard({ req, res }: Exchange): Promise<boolean> {
    const { raw, method, header, url } = this.read(req)
    const asked = { raw, url, method: method === 'HEAD' ? method : 'GET' }
    const answer = await this.auth.guard({
      ...asked,
      header: (name) => (name === 'accept' ? 'text/html' : header(name)),
    })
    if (answer) this.send(res, answer)
    return answer !== undefined
  }
}

/** Puts its cookies in place of the application's. */
export class ReplacesCookies extends SoundAdapter {
  protected override send(res: ServerResponse, answer: AuthResponse): void {
    if (answer.headers['set-cookie']) res.removeHeader('set-cookie')
    super.send(res, answer)
  }

  protected override addCookies(res: ServerResponse, cookies: readonly string[]): void {
    res.setHeader('set-cookie', cookies)
  }
}

/** Sends the last cookie alone, as a map of headers would. */
export class SendsOneCookie extends SoundAdapter {
  protected override send(res: ServerResponse, answer: AuthResponse): void {
    const cookies = [answer.headers['set-cookie'] ?? []].flat()
    const { 'set-cookie': _, ...headers } = answer.headers
    super.send(res, { ...answer, headers: { ...headers, 'set-cookie': cookies.slice(-1) } })
  }
}

/** Joins its cookies in one header. */
export class JoinsCookies extends SoundAdapter {
  protected override send(res: ServerResponse, answer: AuthResponse): void {
    const cookies = [answer.headers['set-cookie'] ?? []].flat()
    const headers = { ...answer.headers, 'set-cookie': cookies.length ? cookies.join(', ') : [] }
    super.send(res, { ...answer, headers })
  }
}

/** Keeps the cookies of `logout()` and `disconnect()` to itself. */
export class AddsNoCookies extends SoundAdapter {
  protected override addCookies(): void {
    return
  }
}

/** Takes cookies and redirects for an answer that is gone, and drops them. */
export class DropsWhatIsLate extends SoundAdapter {
  protected override send(res: ServerResponse, answer: AuthResponse): void {
    if (!res.headersSent) super.send(res, answer)
  }

  protected override addCookies(res: ServerResponse, cookies: readonly string[]): void {
    if (!res.headersSent) super.addCookies(res, cookies)
  }

  protected override isSent(): boolean {
    return false
  }
}

/** Takes it for a failure that the browser has left. */
export class MindsTheBrowser extends SoundAdapter {
  protected override send(res: ServerResponse, answer: AuthResponse): void {
    if (res.destroyed) throw new Error('the browser has left')
    super.send(res, answer)
  }
}

/** Sends status, address and cookies, and leaves the other headers out. */
export class DropsHeaders extends SoundAdapter {
  protected override send(res: ServerResponse, answer: AuthResponse): void {
    const { location, 'set-cookie': cookies } = answer.headers
    const headers = { ...(location && { location }), ...(cookies && { 'set-cookie': cookies }) }
    super.send(res, { ...answer, headers })
  }
}

/** Sends no bodies. */
export class DropsBodies extends SoundAdapter {
  protected override send(res: ServerResponse, { status, headers }: AuthResponse): void {
    sendAuthResponse(res, { status, headers })
  }
}

/** Redirects by 302 and refuses by 400, whatever was meant. */
export class RoundsStatuses extends SoundAdapter {
  protected override send(res: ServerResponse, answer: AuthResponse): void {
    const status = answer.status < 400 ? 302 : 400
    super.send(res, {
      ...answer,
      status: answer.headers['location'] ? status : answer.status && status,
    })
  }
}

/** Forgets to end the answer of `login()`. */
export class LeavesLoginOpen extends SoundAdapter {
  protected override send(res: ServerResponse, answer: AuthResponse): void {
    if (answer.status === 302 && res.req.url?.includes('/enter')) return
    super.send(res, answer)
  }
}

/** Takes the query of the callback along to where it ends. */
export class CarriesQueries extends SoundAdapter {
  protected override send(res: ServerResponse, answer: AuthResponse): void {
    const { location } = answer.headers
    const query = res.req.url?.split('?')[1]
    const headers = { ...answer.headers, location: `${location}?${query}` }
    super.send(res, answer.status === 303 && query ? { ...answer, headers } : answer)
  }
}

/** Shows what it was asked on pages of errors. */
export class ReflectsRequests extends SoundAdapter {
  protected override send(res: ServerResponse, answer: AuthResponse): void {
    const { host, 'x-forwarded-host': forwarded } = res.req.headers
    const asked = `${forwarded ?? host} ${decodeURIComponent(res.req.url ?? '')}`
    super.send(res, answer.body ? { ...answer, body: answer.body + asked } : answer)
  }
}

/** Has every answer of the application not cached. */
export class MarksEveryAnswer extends SoundAdapter {
  override async serve(exchange: Exchange): Promise<boolean> {
    exchange.res.setHeader('cache-control', 'no-store')
    return super.serve(exchange)
  }
}

/** Collects what the application writes until it ends. */
export class CollectsAnswers extends SoundAdapter {
  override async serve(exchange: Exchange): Promise<boolean> {
    const { res } = exchange
    const pieces: Buffer[] = []
    const { end } = res
    res.write = (piece: unknown) => pieces.push(Buffer.from(String(piece))) > 0
    res.end = (last?: unknown) => {
      if (typeof last === 'string') pieces.push(Buffer.from(last))
      return end.call(res, Buffer.concat(pieces), 'utf8')
    }
    return super.serve(exchange)
  }
}
