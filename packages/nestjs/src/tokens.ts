import { Inject } from '@nestjs/common'
import type { ProcoreAuth as Auth } from '@procore-auth/core'

/**
 * Type and injection token of the instance without a name. Under a compiler that emits decorator
 * metadata `constructor(private readonly procore: ProcoreAuth)` is enough; `@InjectProcoreAuth()`
 * works everywhere.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: a token only; what is injected has it all
export abstract class ProcoreAuth {}
export interface ProcoreAuth extends Auth {}

/** Returns the injection token of an instance, for providers and for `overrideProvider`. */
export function getProcoreAuthToken(name?: string): typeof ProcoreAuth | string {
  return name === undefined ? ProcoreAuth : `ProcoreAuth:${name}`
}

/**
 * Injects {@link ProcoreAuth}, in whatever is a provider: services, jobs, gateways.
 *
 * @param name of one of several instances
 */
export function InjectProcoreAuth(name?: string): ReturnType<typeof Inject> {
  return Inject(getProcoreAuthToken(name))
}
