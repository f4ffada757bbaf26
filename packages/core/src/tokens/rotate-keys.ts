import type { Clock } from '../clock.js'
import { isProcoreAuthError } from '../errors.js'
import type { GrantStore } from './grant-store.js'
import { withLease } from './lease.js'

/** How far a rotation of keys has come. */
export interface RotationProgress {
  /** Rows looked at. */
  readonly seen: number
  /** Rows that the first secret seals now and did not before. */
  readonly rotated: number
  /** Rows that no secret opens; they were left as they are. */
  readonly unreadable: number
}

/** What rotating keys needs. */
export interface RotationConfig {
  readonly grants: GrantStore
  readonly clock: Clock
  readonly randomBytes: (size: number) => Buffer
}

/**
 * Seals every row with the first secret while the application runs. Each is done under its lease, so
 * that nothing a refresh writes is written over.
 *
 * @param onProgress told after every row
 */
export async function rotateKeys(
  config: RotationConfig,
  onProgress?: (progress: RotationProgress) => void,
): Promise<RotationProgress> {
  let progress: RotationProgress = { seen: 0, rotated: 0, unreadable: 0 }
  for await (const key of config.grants.keys()) {
    const outcome = await rotateRow(config, key)
    progress = {
      seen: progress.seen + 1,
      rotated: progress.rotated + (outcome === 'rotated' ? 1 : 0),
      unreadable: progress.unreadable + (outcome === 'unreadable' ? 1 : 0),
    }
    onProgress?.(progress)
  }
  return progress
}

async function rotateRow(
  config: RotationConfig,
  key: string,
): Promise<'rotated' | 'current' | 'unreadable'> {
  // After the first run most rows are current, and those need no lease.
  if (await config.grants.isCurrent(key)) return 'current'
  try {
    const rotated = await withLease({ ...config, leases: config.grants }, key, {
      settled: async () => undefined,
      work: () => config.grants.reseal(key),
    })
    return rotated ? 'rotated' : 'current'
  } catch (error) {
    const unreadable = isProcoreAuthError(error) && error.code === 'ERR_PROCORE_STORE_KEY_MISMATCH'
    if (unreadable) return 'unreadable'
    throw error
  }
}
