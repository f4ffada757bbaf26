import type { Clock } from '../clock.js'
import { ProcoreAuthError, ReauthorizationRequiredError, TokenRequestError } from '../errors.js'
import type { ProcoreAuthEventName, ProcoreAuthEvents } from '../events.js'
import type { Secret } from '../redact.js'
import type { GrantType, TokenSet } from '../token-set.js'
import type { Expiry } from './expiry.js'
import type { Grant } from './grant.js'
import type { GrantStore } from './grant-store.js'
import { withLease } from './lease.js'

/** Whose grant, and where it is kept. */
export interface GrantRef {
  readonly key: string
  readonly grantType: GrantType
  readonly principal: string
}

/** What the refresh of a grant needs. The requests come as functions, so no wire is known here. */
export interface RefreshConfig {
  readonly grants: GrantStore
  readonly expiry: Expiry
  /** Keeps an event until the refresh is over: a listener may itself need a token. */
  readonly notify: <Name extends ProcoreAuthEventName>(
    name: Name,
    event: ProcoreAuthEvents[Name],
  ) => void
  readonly clock: Clock
  readonly randomBytes: (size: number) => Buffer
  /** Sends one refresh, exactly once. */
  readonly refresh: (refreshToken: Secret, redirectUri: string | undefined) => Promise<TokenSet>
  /** Asks for a service account's token. */
  readonly requestServiceTokens: () => Promise<TokenSet>
  /** Revokes a pair. */
  readonly revoke: (accessToken: Secret) => Promise<void>
  /** Pairs that the store has not taken yet, by key; each is tried again with the next renewal. */
  readonly unsaved: Map<string, NewPair>
}

/** A pair fresh from Procore, and the generation that it replaces. */
export interface NewPair {
  readonly grant: Grant
  readonly replaces: string | undefined
}

/** The grant to get away from: a newer one is wanted. */
export interface Outdated {
  /** `undefined` when none is known yet. */
  readonly generation: string | undefined
  /** `rejected`: Procore answered 401 to it. `expiring`: it still works, or nothing is known. */
  readonly reason: 'expiring' | 'rejected'
}

const WRITE_ATTEMPTS = 5
const WRITE_PAUSE_MS = 50

/**
 * Brings a grant newer than the outdated one: another process's when there is one, else by one
 * refresh under the lease.
 *
 * @throws {ReauthorizationRequiredError} when there is no grant, or Procore rejects it
 * @throws {ProcoreAuthError} `ERR_PROCORE_REFRESH_FAILED`, `ERR_PROCORE_STORE_UNAVAILABLE`
 */
export async function renewGrant(
  config: RefreshConfig,
  ref: GrantRef,
  outdated: Outdated,
): Promise<Grant> {
  const seen = config.unsaved.has(ref.key) ? undefined : await look(config, ref, outdated)
  if (seen?.usable) return seen.grant
  return withLease(config, ref.key, {
    settled: async () => {
      const now = await look(config, ref, outdated)
      return now.usable ? now.grant : undefined
    },
    work: async () => {
      const pair = config.unsaved.get(ref.key)
      if (pair) await keep(config, ref, pair)
      const now = await look(config, ref, outdated)
      if (now.usable) return now.grant
      return refreshStored(config, { ref, outdated, stored: now.grant, mayResend: true })
    },
  })
}

/** What is stored, and whether it is newer than the outdated grant and good for a while. */
type Look =
  | { readonly usable: true; readonly grant: Grant }
  | { readonly usable: false; readonly grant: Grant | undefined }

async function look(config: RefreshConfig, ref: GrantRef, outdated: Outdated): Promise<Look> {
  const grant = await readLiving(config, ref)
  const newer = grant && grant.generation !== outdated.generation
  return newer && config.expiry.isFresh(grant.tokens)
    ? { usable: true, grant }
    : { usable: false, grant }
}

/** Reads a grant that was not rejected; `undefined` only where one needs no sign-in. */
async function readLiving(config: RefreshConfig, ref: GrantRef): Promise<Grant | undefined> {
  const grant = await config.grants.read(ref.key, ref.principal)
  if (!grant && ref.grantType === 'authorization_code') throw notConnected(ref)
  if (grant?.reauthorization) {
    throw new ReauthorizationRequiredError({ principal: ref.principal, ...grant.reauthorization })
  }
  return grant
}

interface Attempt {
  readonly ref: GrantRef
  readonly outdated: Outdated
  readonly stored: Grant | undefined
  /** Whether a request without an answer may be sent once more. */
  readonly mayResend: boolean
}

/** Refreshes the stored grant. Only ever called under the lease. */
async function refreshStored(config: RefreshConfig, attempt: Attempt): Promise<Grant> {
  const { ref, stored } = attempt
  let tokens: TokenSet
  try {
    tokens = await requestNewTokens(config, attempt)
  } catch (error) {
    if (!(error instanceof TokenRequestError)) throw error
    return afterFailure(config, attempt, error)
  }
  config.expiry.observe(tokens)
  const grant: Grant = {
    generation: newGeneration(config),
    principal: ref.principal,
    tokens,
    user: stored?.user,
    redirectUri: stored?.redirectUri,
    reauthorization: undefined,
  }
  return keep(config, ref, { grant, replaces: stored?.generation })
}

async function requestNewTokens(
  config: RefreshConfig,
  { ref, stored }: Attempt,
): Promise<TokenSet> {
  if (!stored || ref.grantType === 'client_credentials') return config.requestServiceTokens()
  const { refreshToken } = stored.tokens
  if (!refreshToken) throw notConnected(ref)
  return config.refresh(refreshToken, stored.redirectUri)
}

/** Finds out what a failed request means, after a look at what is stored by now. */
async function afterFailure(
  config: RefreshConfig,
  attempt: Attempt,
  error: TokenRequestError,
): Promise<Grant> {
  const { ref, stored, outdated, mayResend } = attempt
  const current = await readLiving(config, ref)
  if (current && current.generation !== stored?.generation) return current
  if (error.outcome === 'unknown' && mayResend) {
    // Procore may or may not have spent the token. One more try decides: it either still works, or
    // the pair was lost with the answer and only a new sign-in helps.
    return refreshStored(config, { ...attempt, mayResend: false })
  }
  if (stored?.tokens.refreshToken && error.oauthError === 'invalid_grant') {
    return mark(config, ref, stored)
  }
  const failed = new ProcoreAuthError(
    'ERR_PROCORE_REFRESH_FAILED',
    'The access token could not be renewed; the grant is kept and the next call tries again',
    { cause: error },
  )
  config.notify('refresh-failed', { principal: ref.principal, error: failed })
  const stillGood = stored && !config.expiry.hasExpired(stored.tokens)
  if (stillGood && outdated.reason === 'expiring') return stored
  throw failed
}

/** Marks a grant that Procore rejected, and ends in an error unless another has taken its place. */
async function mark(config: RefreshConfig, ref: GrantRef, grant: Grant): Promise<Grant> {
  const reauthorization = { reason: 'invalid_grant', since: config.clock.now() }
  const details = { principal: ref.principal, ...reauthorization }
  if (await config.grants.write(ref.key, { ...grant, reauthorization }, grant.generation)) {
    config.notify('reauthorization-required', details)
    throw new ReauthorizationRequiredError(details)
  }
  const current = await readLiving(config, ref)
  if (current && current.generation !== grant.generation) return current
  throw new ReauthorizationRequiredError(details)
}

/** Stores a new pair before anyone uses it: it is the only copy of what Procore now honours. */
async function keep(config: RefreshConfig, ref: GrantRef, pair: NewPair): Promise<Grant> {
  const { grant } = pair
  config.unsaved.set(ref.key, pair)
  const written = await writePatiently(config, ref, pair)
  config.unsaved.delete(ref.key)
  if (written) {
    config.notify('tokens-refreshed', {
      principal: ref.principal,
      expiresAt: config.expiry.expiresAt(grant.tokens),
    })
    return grant
  }
  // Someone signed in or disconnected meanwhile: theirs counts, and nobody may hold ours.
  await revokeUnstorable(config, ref, grant)
  const current = await readLiving(config, ref)
  if (current) return current
  throw notConnected(ref)
}

async function revokeUnstorable(config: RefreshConfig, ref: GrantRef, grant: Grant): Promise<void> {
  try {
    await config.revoke(grant.tokens.accessToken)
  } catch (error) {
    if (!(error instanceof ProcoreAuthError)) throw error
    config.notify('refresh-failed', { principal: ref.principal, error })
  }
}

function notConnected({ principal }: GrantRef): ReauthorizationRequiredError {
  return new ReauthorizationRequiredError({ principal, reason: 'not-connected' })
}

async function writePatiently(
  config: RefreshConfig,
  ref: GrantRef,
  { grant, replaces }: NewPair,
): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (await config.grants.write(ref.key, grant, replaces)) return true
      // An earlier attempt may have arrived although its answer did not.
      return (await config.grants.read(ref.key, ref.principal))?.generation === grant.generation
    } catch (error) {
      if (attempt === WRITE_ATTEMPTS) throw error
      await config.clock.sleep(WRITE_PAUSE_MS * 2 ** attempt)
    }
  }
}

/** Names a new pair. */
export function newGeneration(config: Pick<RefreshConfig, 'randomBytes'>): string {
  return config.randomBytes(16).toString('hex')
}
