import type { AuthReply, AuthResponse } from '@procore-auth/core'

/** Makes a response of an answer. */
export function toResponse(request: Request, { status, headers, body }: AuthResponse): Response {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((line): [string, string] => [name, line]),
  )
  const content = request.method === 'HEAD' ? null : (body ?? null)
  return new Response(content, { status, headers: lines })
}

/** Keeps what `request.procore` answers until the handler has returned. */
export class PendingReply implements AuthReply {
  readonly #cookies: string[] = []
  #answer: AuthResponse | undefined
  #isSent = false

  addCookies(cookies: readonly string[]): void {
    this.#cookies.push(...cookies)
  }

  send(answer: AuthResponse): void {
    this.#answer = answer
  }

  isSent(): boolean {
    return this.#isSent
  }

  /** Says that the handler is done: what comes from now on reaches nobody. */
  close(): void {
    this.#isSent = true
  }

  /**
   * Returns the handler's own response, the very same where nothing is to be added; or the redirect of
   * `login()`, with the cookies of the handler's.
   */
  complete(request: Request, own: Response | undefined): Response {
    const response = this.#answer ? toResponse(request, this.#answer) : own
    if (!response) throw new TypeError('A handler within procoreAuth() returned no Response')
    const cookies = this.#cookies.concat(
      own === response ? [] : (own?.headers.getSetCookie() ?? []),
    )
    if (cookies.length === 0) return response
    const copy = new Response(response.body, response)
    for (const cookie of cookies) copy.headers.append('set-cookie', cookie)
    return copy
  }
}
