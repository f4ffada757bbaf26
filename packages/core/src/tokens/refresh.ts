import { ProcoreAuthError, TokenRequestError } from '../errors.js'
import type { Grant } from './grant.js'
import { keepGrant } from './keep-grant.js'
import { type Lease, withLease } from './lease.js'
import { refreshPair } from './refresh-pair.js'
import {
  asTokenRequestError,
  type GrantRef,
  newPair,
  type RefreshConfig,
  type Renewal,
  readLiving,
  refreshFailed,
} from './renewal.js'

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
  const renewal: Renewal = { config, ref, outdated }
  for (let round = 0; round < MAXIMUM_ROUNDS; round += 1) {
    const seen = await look(renewal)
    if (seen.usable) return seen.grant
    const result = await withLease<Grant | 'again'>({ ...config, leases: config.grants }, ref.key, {
      settled: async () => {
        const now = await look(renewal)
        return now.usable ? now.grant : undefined
      },
      work: (lease) => renewUnderLease(renewal, lease),
    })
    if (result !== 'again') return result
  }
  throw new ProcoreAuthError(
    'ERR_PROCORE_REFRESH_FAILED',
    'Others wrote this grant again and again while it was renewed: try again',
  )
}

/** What is stored, and whether it is newer than the outdated grant and good for a while. */
type Look =
  | { readonly usable: true; readonly grant: Grant }
  | { readonly usable: false; readonly grant: Grant | undefined }

async function look(renewal: Renewal): Promise<Look> {
  const grant = await readLiving(renewal)
  const newer = grant && grant.generation !== renewal.outdated
  return newer && renewal.config.expiry.isFresh(grant.tokens)
    ? { usable: true, grant }
    : { usable: false, grant }
}

async function renewUnderLease(renewal: Renewal, lease: Lease): Promise<Grant | 'again'> {
  let seen = await look(renewal)
  if (seen.usable) return seen.grant
  if (seen.grant?.refreshPending) {
    // Someone began and did not end. It may have died, or be late with the only copy of a live pair.
    await renewal.config.clock.sleep(GRACE_MS)
    seen = await look(renewal)
    if (seen.usable) return seen.grant
  }
  const { grant } = seen
  if (!grant || renewal.ref.grantType === 'client_credentials') return renewService(renewal, grant)
  return refreshPair(renewal, lease, grant)
}

async function renewService({ config, ref }: Renewal, stored: Grant | undefined): Promise<Grant> {
  let answer = await config.requestServiceTokens().catch(asTokenRequestError)
  // Nothing is spent by asking twice.
  const lost = answer instanceof TokenRequestError && answer.outcome === 'unknown'
  if (lost) answer = await config.requestServiceTokens().catch(asTokenRequestError)
  if (answer instanceof TokenRequestError) throw refreshFailed(config, ref, answer)
  return keepGrant(config, ref, newPair(config, ref, { tokens: answer, stored }))
}
