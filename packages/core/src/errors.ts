/** The stable name of a failure; see `docs/errors.md` for cause and cure of each. */
export type ProcoreAuthErrorCode =
  | 'ERR_PROCORE_CONFIGURATION'
  | 'ERR_PROCORE_ARGUMENT_INVALID'
  | 'ERR_PROCORE_METHOD_NOT_ALLOWED'
  | 'ERR_PROCORE_CROSS_SITE_REQUEST'
  | 'ERR_PROCORE_CALLBACK_INVALID'
  | 'ERR_PROCORE_STATE_MISMATCH'
  | 'ERR_PROCORE_STATE_EXPIRED'
  | 'ERR_PROCORE_STATE_USED'
  | 'ERR_PROCORE_PRINCIPAL_MISSING'
  | 'ERR_PROCORE_ACCESS_DENIED'
  | 'ERR_PROCORE_AUTHORIZATION_FAILED'
  | 'ERR_PROCORE_CODE_REJECTED'
  | 'ERR_PROCORE_CLIENT_REJECTED'
  | 'ERR_PROCORE_TOKEN_ENDPOINT_UNREACHABLE'
  | 'ERR_PROCORE_TOKEN_RESPONSE_LOST'
  | 'ERR_PROCORE_TOKEN_RESPONSE_INVALID'
  | 'ERR_PROCORE_USER_UNAVAILABLE'
  | 'ERR_PROCORE_SIGN_IN_REFUSED'
  | 'ERR_PROCORE_NOT_AUTHENTICATED'
  | 'ERR_PROCORE_HEADERS_SENT'
  | 'ERR_PROCORE_NOT_CONNECTED'
  | 'ERR_PROCORE_REAUTHORIZATION_REQUIRED'
  | 'ERR_PROCORE_REFRESH_FAILED'
  | 'ERR_PROCORE_STORE_UNAVAILABLE'
  | 'ERR_PROCORE_STORE_CORRUPTED'
  | 'ERR_PROCORE_STORE_KEY_MISMATCH'
  | 'ERR_PROCORE_DISCONNECT_FAILED'
  | 'ERR_PROCORE_COMPANY_MISSING'
  | 'ERR_PROCORE_FOREIGN_URL'
  | 'ERR_PROCORE_APP_NOT_INSTALLED'
  | 'ERR_PROCORE_API'
  | 'ERR_PROCORE_API_UNREACHABLE'

/**
 * Every failure this package names: the HTTP status it maps to, and the sentence a person sees.
 * `docs/errors.md` has an entry with cause and cure under each code.
 */
export const ERROR_TABLE: Readonly<
  Record<ProcoreAuthErrorCode, readonly [status: number, summary: string]>
> = {
  ERR_PROCORE_CONFIGURATION: [500, 'The application is not configured correctly.'],
  ERR_PROCORE_ARGUMENT_INVALID: [500, 'The application passed an invalid argument.'],
  ERR_PROCORE_METHOD_NOT_ALLOWED: [405, 'This address does not accept that method.'],
  ERR_PROCORE_CROSS_SITE_REQUEST: [403, 'This request came from another site and was refused.'],
  ERR_PROCORE_CALLBACK_INVALID: [400, 'The answer from Procore was incomplete or malformed.'],
  ERR_PROCORE_STATE_MISMATCH: [403, 'This sign-in was not started in this browser.'],
  ERR_PROCORE_STATE_EXPIRED: [403, 'This sign-in took too long.'],
  ERR_PROCORE_STATE_USED: [403, 'This sign-in was already completed.'],
  ERR_PROCORE_PRINCIPAL_MISSING: [401, 'Sign in to the application first.'],
  ERR_PROCORE_ACCESS_DENIED: [403, 'You did not allow access to your Procore account.'],
  ERR_PROCORE_AUTHORIZATION_FAILED: [502, 'Procore refused to authorize the application.'],
  ERR_PROCORE_CODE_REJECTED: [400, 'Procore no longer accepts this sign-in.'],
  ERR_PROCORE_CLIENT_REJECTED: [502, 'Procore does not accept the credentials of the application.'],
  ERR_PROCORE_TOKEN_ENDPOINT_UNREACHABLE: [503, 'Procore could not be reached.'],
  ERR_PROCORE_TOKEN_RESPONSE_LOST: [504, 'Procore did not answer in time.'],
  ERR_PROCORE_TOKEN_RESPONSE_INVALID: [502, 'Procore answered in an unexpected way.'],
  ERR_PROCORE_USER_UNAVAILABLE: [502, 'Your Procore user could not be read.'],
  ERR_PROCORE_SIGN_IN_REFUSED: [403, 'This account may not sign in to the application.'],
  ERR_PROCORE_NOT_AUTHENTICATED: [401, 'Sign in with Procore first.'],
  ERR_PROCORE_HEADERS_SENT: [500, 'The application had answered already.'],
  ERR_PROCORE_NOT_CONNECTED: [401, 'There is no connection to Procore for this user.'],
  ERR_PROCORE_REAUTHORIZATION_REQUIRED: [401, 'Procore asks this user to sign in again.'],
  ERR_PROCORE_REFRESH_FAILED: [503, 'The connection to Procore could not be renewed just now.'],
  ERR_PROCORE_STORE_UNAVAILABLE: [503, 'Stored connections cannot be read or written just now.'],
  ERR_PROCORE_STORE_CORRUPTED: [500, 'A stored connection cannot be read.'],
  ERR_PROCORE_STORE_KEY_MISMATCH: [500, 'A stored connection cannot be decrypted.'],
  ERR_PROCORE_DISCONNECT_FAILED: [502, 'Procore did not confirm that the connection has ended.'],
  ERR_PROCORE_COMPANY_MISSING: [500, 'The application did not say which company it means.'],
  ERR_PROCORE_FOREIGN_URL: [
    500,
    'The application tried to call another site with a Procore token.',
  ],
  ERR_PROCORE_APP_NOT_INSTALLED: [403, 'The application is not installed in this Procore company.'],
  ERR_PROCORE_API: [502, 'Procore refused the request.'],
  ERR_PROCORE_API_UNREACHABLE: [502, 'Procore could not be reached.'],
}

const brand: unique symbol = Symbol.for('@procore-auth/error')

/**
 * The base of every error of this package. `message` says what happened and what to do, and never
 * holds a secret, a token or a code. `cause` is the error beneath it, when there is one.
 */
export class ProcoreAuthError extends Error {
  override readonly name: string = 'ProcoreAuthError'
  /** Which failure this is. */
  readonly code: ProcoreAuthErrorCode
  /** HTTP status that fits when the error ends a request; Express and Koa honour it. */
  readonly status: number
  /** One sentence that may be shown to a person. */
  readonly summary: string

  constructor(code: ProcoreAuthErrorCode, message: string, options?: ErrorOptions) {
    super(`${message} [${code}]`, options)
    this.code = code
    const [status, summary] = ERROR_TABLE[code]
    this.status = status
    this.summary = summary
    Object.defineProperty(this, brand, { value: true })
  }
}

/** Thrown at construction: lists every fault of the options at once, each with what to do. */
export class ConfigurationError extends ProcoreAuthError {
  override readonly name = 'ConfigurationError'
  /** One sentence per fault. */
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    const list = faults.map((fault) => `\n  - ${fault}`).join('')
    super('ERR_PROCORE_CONFIGURATION', `procore-auth cannot start:${list}\n `)
    this.faults = faults
  }
}

/** What is known about a token request that brought no tokens. */
export type TokenRequestOutcome =
  /** The request never left: sending it again is safe. */
  | 'not-sent'
  /** Procore answered with an OAuth error. */
  | 'rejected'
  /** It left and no usable answer came back: Procore may have spent the code or refresh token. */
  | 'unknown'

/** A request to the token endpoint that brought no tokens. */
export class TokenRequestError extends ProcoreAuthError {
  override readonly name = 'TokenRequestError'
  readonly outcome: TokenRequestOutcome
  /** OAuth error code of the answer, such as `invalid_grant` (RFC 6749, section 5.2). */
  readonly oauthError: string | undefined

  constructor(
    code: ProcoreAuthErrorCode,
    message: string,
    details: { outcome: TokenRequestOutcome; oauthError?: string | undefined; cause?: unknown },
  ) {
    super(code, message, details.cause === undefined ? undefined : { cause: details.cause })
    this.outcome = details.outcome
    this.oauthError = details.oauthError
  }
}

/** There is no usable grant for a principal: somebody has to sign in (again). */
export class ReauthorizationRequiredError extends ProcoreAuthError {
  override readonly name = 'ReauthorizationRequiredError'
  readonly principal: string
  /** Why, such as `invalid_grant`; `not-connected` when there never was a grant or it was ended. */
  readonly reason: string
  /** Since when, in epoch milliseconds; absent for `not-connected`. */
  readonly since: number | undefined

  constructor(details: { principal: string; reason: string; since?: number }) {
    const notConnected = details.reason === 'not-connected'
    super(
      notConnected ? 'ERR_PROCORE_NOT_CONNECTED' : 'ERR_PROCORE_REAUTHORIZATION_REQUIRED',
      notConnected
        ? 'No grant is stored for this principal. Send the user to the login route.'
        : `The grant of this principal no longer works (${details.reason}). Send the user to the login route.`,
    )
    this.principal = details.principal
    this.reason = details.reason
    this.since = details.since
  }
}

/** An answer of the Procore API that is not a success. */
export class ProcoreApiError extends ProcoreAuthError {
  override readonly name: string = 'ProcoreApiError'
  /** Status of Procore's answer. */
  override readonly status: number
  readonly method: string
  /** Path of the request, without its query. */
  readonly path: string
  /** Procore's `x-request-id`, for their support. */
  readonly requestId: string | undefined
  /** The body, when it was JSON; see Procore's documentation of the endpoint. */
  readonly body: unknown

  constructor(details: ApiErrorDetails, code: ProcoreAuthErrorCode = 'ERR_PROCORE_API') {
    super(
      code,
      `Procore answered ${details.status} to ${details.method} ${details.path}${details.hint ?? ''}`,
    )
    this.status = details.status
    this.method = details.method
    this.path = details.path
    this.requestId = details.requestId
    this.body = details.body
  }
}

/** What a {@link ProcoreApiError} is made of. */
export interface ApiErrorDetails {
  readonly status: number
  readonly method: string
  readonly path: string
  readonly requestId: string | undefined
  readonly body: unknown
  /** What to do, appended to the message. */
  readonly hint?: string
}

/**
 * The token works, but not here: the app is not installed (connected) in this company, or it uses
 * another grant type than it was installed for. A refresh does not help.
 */
export class AppNotInstalledError extends ProcoreApiError {
  override readonly name = 'AppNotInstalledError'

  constructor(details: ApiErrorDetails) {
    super(
      {
        ...details,
        hint: ', and the token is valid: install the app in this company, or use the grant type it was installed for',
      },
      'ERR_PROCORE_APP_NOT_INSTALLED',
    )
  }
}

/** Whether a value is an error of this package, also when it comes from another copy of it. */
export function isProcoreAuthError(value: unknown): value is ProcoreAuthError {
  return value instanceof Error && brand in value
}
