/** What the core sees of a request. Plain data, so that building one costs next to nothing. */
export interface AuthRequest<Raw = unknown> {
  readonly method: string
  /** Path and query as the server received them, before any router stripped a prefix. */
  readonly url: string
  /** Returns a header by its lower-case name; several of one name are joined as Node joins them. */
  header(name: string): string | undefined
  /** The framework's own request, for the application's callbacks. The core never looks into it. */
  readonly raw: Raw
}

/** What the core answers. */
export interface AuthResponse {
  readonly status: number
  /** Lower-case names. `set-cookie` holds one entry per cookie and is added, never replaced. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string
}

/** How the core writes to the response that the framework holds. */
export interface AuthReply {
  /** Adds `Set-Cookie` headers without ending the response. */
  addCookies(cookies: readonly string[]): void
  /** Whether the response is on its way to the browser, so that no header can be added any more. */
  isSent(): boolean
  /** Sends a response and ends it. */
  send(response: AuthResponse): void
}
