import type { Secret } from './redact.js'

/** How a grant was given (RFC 6749, section 1.3). Part of a stored grant's key. */
export type GrantType = 'authorization_code' | 'client_credentials'

/** What one answer of the token endpoint brought. */
export interface TokenSet {
  readonly accessToken: Secret
  /** Single-use. Absent for client credentials. */
  readonly refreshToken: Secret | undefined
  /** When Procore issued it (`created_at`), epoch milliseconds by Procore's clock. */
  readonly issuedAt: number
  /** How long the access token lives from `issuedAt`, in milliseconds (`expires_in`). */
  readonly lifetimeMs: number
}

/** The Procore user who signed in, as `GET /rest/v1.0/me` tells. */
export interface ProcoreUser {
  /** Decimal digits. Procore's ids exceed 32 bits, so they are kept as text. */
  readonly id: string
  /** The e-mail address the user logs in with. */
  readonly login: string
  readonly name: string
}
