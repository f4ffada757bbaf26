import type { Clock } from '../clock.js'
import { ProcoreAuthError, ReauthorizationRequiredError, TokenRequestError } from '../errors.js'
import type { ProcoreAuthEventName, ProcoreAuthEvents } from '../events.js'
import type { Secret } from '../redact.js'
import type { GrantType, TokenSet } from '../token-set.js'
import type { Expiry } from './expiry.js'
import type { Grant } from './grant.js'
import type { GrantStore } from './grant-store.js'
import {
  keepGrant,
  type NewPair,
  newGeneration,
  PATIENCE_MS,
  type UnsavedGrants,
} from './keep-grant.js'
import { type Lease, withLease } from './lease.js'

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

/**
 * How long a process that finds a refresh unfinished waits for it. The one who began it may have died,
 * or be late with the only copy of a live pair.
 */
export const GRACE_MS = 5_000
/** How often a renewal begins anew because the grant or the lease went to somebody else. */
const MAXIMUM_ROUNDS = 10

/**
 * Brings a grant newer than the outdated one: another process's when there is one, else by one
 * refresh under the lease.
 *
 * @param outdated generation to get away from; `undefined` when none is known yet
 * @throws {ReauthorizationRequiredError} when there is no grant, or Procore rejects it
 * @throws {ProcoreAuthError} `ERR_PROCORE_REFRESH_FAILED`, `ERR_PROCORE_STORE_UNAVAILABLE`
 */
export async function renewGrant(
  config: RefreshConfig,
  ref: GrantRef,
  outdated: string | undefined,
): Promise<Grant> {
  const unsaved = config.unsaved.get(ref.key)
  if (unsaved) await keepGrant(config, ref, { ...unsaved, patienceMs: 0 })
  const task: Task = { config, ref, outdated }
  for (let round = 0; round < MAXIMUM_ROUNDS; round += 1) {
    const seen = await look(task)
    if (seen.usable) return seen.grant
    const result = await withLease<Grant | 'again'>({ ...config, leases: config.grants }, ref.key, {
      settled: async () => {
        const now = await look(task)
        return now.usable ? now.grant : undefined
      },
      work: (lease) => renewUnderLease(task, lease),
    })
    if (result !== 'again') return result
  }
  throw new ProcoreAuthError(
    'ERR_PROCORE_REFRESH_FAILED',
    'Others wrote this grant again and again while it was renewed: try again',
  )
}

interface Task {
  readonly config: RefreshConfig
  readonly ref: GrantRef
  readonly outdated: string | undefined
}

/** What is stored, and whether it is newer than the outdated grant and good for a while. */
type Look =
  | { readonly usable: true; readonly grant: Grant }
  | { readonly usable: false; readonly grant: Grant | undefined }

async function look(task: Task): Promise<Look> {
  const grant = await readLiving(task)
  const newer = grant && grant.generation !== task.outdated
  return newer && task.config.expiry.isFresh(grant.tokens)
    ? { usable: true, grant }
    : { usable: false, grant }
}

/** Reads a grant that was not given up; `undefined` only where one needs no sign-in. */
async function readLiving({ config, ref }: Task): Promise<Grant | undefined> {
  const grant = await config.grants.read(ref.key, ref.principal)
  if (!grant && ref.grantType === 'authorization_code') throw notConnected(ref)
  if (grant?.reauthorization) {
    throw new ReauthorizationRequiredError({ principal: ref.principal, ...grant.reauthorization })
  }
  return grant
}

async function renewUnderLease(task: Task, lease: Lease): Promise<Grant | 'again'> {
  let seen = await look(task)
  if (seen.usable) return seen.grant
  if (seen.grant?.refreshPending) {
    // Someone began and did not end. It may have died, or be late with the only copy of a live pair.
    await task.config.clock.sleep(GRACE_MS)
    seen = await look(task)
    if (seen.usable) return seen.grant
  }
  const { grant } = seen
  if (!grant || task.ref.grantType === 'client_credentials') return renewService(task, grant)
  return refreshStored(task, lease, grant)
}

async function renewService({ config, ref }: Task, stored: Grant | undefined): Promise<Grant> {
  let answer = await config.requestServiceTokens().catch(asTokenRequestError)
  // Nothing is spent by asking twice.
  const lost = answer instanceof TokenRequestError && answer.outcome === 'unknown'
  if (lost) answer = await config.requestServiceTokens().catch(asTokenRequestError)
  if (answer instanceof TokenRequestError) throw refreshFailed(config, ref, answer)
  return keepGrant(config, ref, newPair(config, ref, { tokens: answer, stored }))
}

/** Sends the refresh of a stored pair, and once more when the answer was lost. */
async function refreshStored(task: Task, lease: Lease, stored: Grant): Promise<Grant | 'again'> {
  const { config, ref } = task
  const { refreshToken } = stored.tokens
  if (!refreshToken) throw notConnected(ref)
  const interrupted = stored.refreshPending !== undefined
  if (interrupted && config.lostRefresh === 'reauthorize') {
    return giveUp(task, { lease, stored, reason: 'lost-response' })
  }
  // One that lost the lease must not write over what a sibling has found out since.
  if (!lease.isHeld()) return 'again'
  // The intent tells whoever comes after a crash, and proves that the store can be written.
  const intent: Grant = { ...stored, refreshPending: { since: config.clock.now() } }
  if (!(await config.grants.write(ref.key, intent, stored.generation))) return 'again'
  if (!lease.isHeld()) return 'again'
  const first = await config.refresh(refreshToken, stored.redirectUri).catch(asTokenRequestError)
  if (!(first instanceof TokenRequestError)) {
    return keepGrant(config, ref, newPair(config, ref, { tokens: first, stored }))
  }
  if (first.outcome !== 'unknown')
    return afterRefusal(task, { lease, stored, lost: interrupted, error: first })
  if (config.lostRefresh === 'reauthorize') {
    return giveUp(task, { lease, stored, reason: 'lost-response' })
  }
  // Procore may or may not have spent the token. One more try decides, if no sibling got ahead.
  const current = await readLiving(task)
  if (current && current.generation !== stored.generation) return current
  if (!lease.isHeld()) return 'again'
  const second = await config.refresh(refreshToken, stored.redirectUri).catch(asTokenRequestError)
  if (!(second instanceof TokenRequestError)) {
    return keepGrant(config, ref, newPair(config, ref, { tokens: second, stored }))
  }
  return afterRefusal(task, { lease, stored, lost: true, error: second })
}

interface Refusal {
  readonly lease: Lease
  readonly stored: Grant
  /** Whether an earlier refresh of this pair was sent and its answer lost. */
  readonly lost: boolean
  readonly error: TokenRequestError
}

async function afterRefusal(task: Task, refusal: Refusal): Promise<Grant | 'again'> {
  const { config, ref } = task
  const { lease, stored, lost, error } = refusal
  if (error.oauthError === 'invalid_grant') {
    // A sibling may have won, or somebody signed in: theirs counts.
    const current = await readLiving(task)
    if (current && current.generation !== stored.generation) return current
    return giveUp(task, { lease, stored, reason: lost ? 'lost-response' : 'invalid_grant' })
  }
  if (!lost && error.outcome !== 'unknown' && lease.isHeld()) {
    // Procore has not spent the token, so nobody needs to wait for this attempt. Where the store does
    // not take that, the next one waits a few seconds in vain.
    await config.grants.write(ref.key, stored, stored.generation).catch(() => false)
  }
  throw refreshFailed(config, ref, error)
}

interface Surrender {
  readonly lease: Lease
  readonly stored: Grant
  readonly reason: 'invalid_grant' | 'lost-response'
}

/**
 * Marks a grant that no longer works; the row stays.
 *
 * @returns `again` when another one has taken its place meanwhile, or may be about to
 * @throws {ReauthorizationRequiredError} when it is marked
 */
async function giveUp(
  { config, ref }: Task,
  { lease, stored, reason }: Surrender,
): Promise<'again'> {
  // Without the lease a sibling may hold the pair that this one lost to, or have marked it already.
  if (!lease.isHeld()) return 'again'
  const reauthorization = { reason, since: config.clock.now() }
  const marked: Grant = { ...stored, refreshPending: undefined, reauthorization }
  if (!(await config.grants.write(ref.key, marked, stored.generation))) return 'again'
  const details = { principal: ref.principal, ...reauthorization }
  config.notify('reauthorization-required', details)
  throw new ReauthorizationRequiredError(details)
}

function newPair(
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

function refreshFailed(
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

function notConnected({ principal }: GrantRef): ReauthorizationRequiredError {
  return new ReauthorizationRequiredError({ principal, reason: 'not-connected' })
}

function asTokenRequestError(error: unknown): TokenRequestError {
  if (error instanceof TokenRequestError) return error
  throw error
}
