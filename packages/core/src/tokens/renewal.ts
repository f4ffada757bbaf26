import type { Clock } from '../clock.js'
import { ProcoreAuthError, ReauthorizationRequiredError, TokenRequestError } from '../errors.js'
import type { ProcoreAuthEventName, ProcoreAuthEvents } from '../events.js'
import type { Secret } from '../redact.js'
import type { GrantType, TokenSet } from '../token-set.js'
import type { Expiry } from './expiry.js'
import type { Grant } from './grant.js'
import type { GrantStore } from './grant-store.js'
import { type NewPair, newGeneration, PATIENCE_MS, type UnsavedGrants } from './keep-grant.js'

/** Whose grant, and where it is kept. */
export interface GrantRef {
  readonly key: string
  readonly grantType: GrantType
  readonly principal: string
}

/** What to do when a refresh was sent and its answer lost. */
export type LostRefreshPolicy = 'resend' | 'reauthorize'

/** What the refresh of a grant needs. The requests come as functions, so no wire is known here. */
export interface RefreshConfig {
  readonly grants: GrantStore
  readonly expiry: Expiry
  readonly unsaved: UnsavedGrants
  readonly clock: Clock
  readonly randomBytes: (size: number) => Buffer
  readonly lostRefresh: LostRefreshPolicy
  /** Keeps an event until the refresh is over: a listener may itself need a token. */
  readonly notify: <Name extends ProcoreAuthEventName>(
    name: Name,
    event: ProcoreAuthEvents[Name],
  ) => void
  /** Sends one refresh, exactly once. */
  readonly refresh: (refreshToken: Secret, redirectUri: string | undefined) => Promise<TokenSet>
  /** Asks for a service account's token. */
  readonly requestServiceTokens: () => Promise<TokenSet>
  /** Revokes a pair. */
  readonly revoke: (accessToken: Secret) => Promise<void>
}

/** One wish for a newer grant. */
export interface Renewal {
  readonly config: RefreshConfig
  readonly ref: GrantRef
  readonly outdated: string | undefined
}

/** Reads a grant that was not given up; `undefined` only where one needs no sign-in. */
export async function readLiving({ config, ref }: Renewal): Promise<Grant | undefined> {
  const grant = await config.grants.read(ref.key, ref.principal)
  if (!grant && ref.grantType === 'authorization_code') throw notConnected(ref)
  if (grant?.reauthorization) {
    throw new ReauthorizationRequiredError({ principal: ref.principal, ...grant.reauthorization })
  }
  return grant
}

/** Makes what Procore has issued the successor of what is stored. */
export function newPair(
  config: RefreshConfig,
  ref: GrantRef,
  { tokens, stored }: { readonly tokens: TokenSet; readonly stored: Grant | undefined },
): NewPair {
  config.expiry.observe(tokens)
  const grant: Grant = {
    generation: newGeneration(config),
    principal: ref.principal,
    tokens,
    user: stored?.user,
    redirectUri: stored?.redirectUri,
    refreshPending: undefined,
    reauthorization: undefined,
  }
  return { grant, replaces: stored?.generation, patienceMs: PATIENCE_MS }
}

/** Tells of a renewal that brought nothing and may bring something the next time. */
export function refreshFailed(
  config: RefreshConfig,
  ref: GrantRef,
  cause: TokenRequestError,
): ProcoreAuthError {
  const error = new ProcoreAuthError(
    'ERR_PROCORE_REFRESH_FAILED',
    'The access token could not be renewed; the grant is kept and the next call tries again',
    { cause },
  )
  config.notify('refresh-failed', { principal: ref.principal, error })
  return error
}

/** Returns the error for a principal without a grant. */
export function notConnected({ principal }: GrantRef): ReauthorizationRequiredError {
  return new ReauthorizationRequiredError({ principal, reason: 'not-connected' })
}

/** For `catch`: makes the failure of a token request a value, and lets every other error pass. */
export function asTokenRequestError(error: unknown): TokenRequestError {
  if (error instanceof TokenRequestError) return error
  throw error
}
