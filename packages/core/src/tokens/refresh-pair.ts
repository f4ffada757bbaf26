import { ReauthorizationRequiredError, TokenRequestError } from '../errors.js'
import type { Grant } from './grant.js'
import { keepGrant } from './keep-grant.js'
import type { Lease } from './lease.js'
import {
  asTokenRequestError,
  newPair,
  notConnected,
  type Renewal,
  readLiving,
  refreshFailed,
} from './renewal.js'

/** Sends the refresh of a stored pair, and once more when the answer was lost. */
export async function refreshPair(
  renewal: Renewal,
  lease: Lease,
  stored: Grant,
): Promise<Grant | 'again'> {
  const { config, ref } = renewal
  const { refreshToken } = stored.tokens
  if (!refreshToken) throw notConnected(ref)
  const interrupted = stored.refreshPending !== undefined
  if (interrupted && config.lostRefresh === 'reauthorize') {
    return giveUp(renewal, { lease, stored, reason: 'lost-response' })
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
    return afterRefusal(renewal, { lease, stored, lost: interrupted, error: first })
  if (config.lostRefresh === 'reauthorize') {
    return giveUp(renewal, { lease, stored, reason: 'lost-response' })
  }
  // Procore may or may not have spent the token. One more try decides, if no sibling got ahead.
  const current = await readLiving(renewal)
  if (current && current.generation !== stored.generation) return current
  if (!lease.isHeld()) return 'again'
  const second = await config.refresh(refreshToken, stored.redirectUri).catch(asTokenRequestError)
  if (!(second instanceof TokenRequestError)) {
    return keepGrant(config, ref, newPair(config, ref, { tokens: second, stored }))
  }
  return afterRefusal(renewal, { lease, stored, lost: true, error: second })
}

interface Refusal {
  readonly lease: Lease
  readonly stored: Grant
  /** Whether an earlier refresh of this pair was sent and its answer lost. */
  readonly lost: boolean
  readonly error: TokenRequestError
}

async function afterRefusal(renewal: Renewal, refusal: Refusal): Promise<Grant | 'again'> {
  const { config, ref } = renewal
  const { lease, stored, lost, error } = refusal
  if (error.oauthError === 'invalid_grant') {
    // A sibling may have won, or somebody signed in: theirs counts.
    const current = await readLiving(renewal)
    if (current && current.generation !== stored.generation) return current
    return giveUp(renewal, { lease, stored, reason: lost ? 'lost-response' : 'invalid_grant' })
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
  { config, ref }: Renewal,
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
