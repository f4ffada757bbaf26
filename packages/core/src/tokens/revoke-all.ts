import { isProcoreAuthError, type ProcoreAuthError } from '../errors.js'
import type { ProcoreUser } from '../token-set.js'
import type { TokenManager } from './token-manager.js'

/** Whom {@link revokeAll} asks about. */
export interface ConnectedUser {
  readonly principal: string
  /** Absent where the row cannot be read. */
  readonly user: ProcoreUser | undefined
}

/** How far a revocation of many has come. */
export interface RevocationProgress {
  /** Grants looked at. */
  readonly seen: number
  readonly revoked: number
  /** Grants that Procore did not confirm as ended, or that could not be read; they are kept. */
  readonly failed: readonly { readonly principal: string; readonly error: ProcoreAuthError }[]
}

/**
 * Ends the grants of all users that a filter picks, one after the other. One that fails is told of and
 * does not stop the rest.
 */
export async function revokeAll(
  manager: TokenManager,
  filter: (connected: ConnectedUser) => boolean | Promise<boolean>,
  onProgress?: (progress: RevocationProgress) => void,
): Promise<RevocationProgress> {
  let progress: RevocationProgress = { seen: 0, revoked: 0, failed: [] }
  for await (const principal of manager.principals()) {
    const outcome = await revokeOne(manager, filter, principal)
    progress = {
      seen: progress.seen + 1,
      revoked: progress.revoked + (outcome === 'revoked' ? 1 : 0),
      failed:
        typeof outcome === 'object'
          ? [...progress.failed, { principal, error: outcome }]
          : progress.failed,
    }
    onProgress?.(progress)
  }
  return progress
}

async function revokeOne(
  manager: TokenManager,
  filter: (connected: ConnectedUser) => boolean | Promise<boolean>,
  principal: string,
): Promise<'revoked' | 'passed' | ProcoreAuthError> {
  try {
    const ref = manager.ref('authorization_code', principal)
    if (!(await filter({ principal, user: await manager.user(ref) }))) return 'passed'
    await manager.disconnect(ref)
    return 'revoked'
  } catch (error) {
    if (isProcoreAuthError(error)) return error
    throw error
  }
}
