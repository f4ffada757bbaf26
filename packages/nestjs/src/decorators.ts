import { createParamDecorator, type ExecutionContext } from '@nestjs/common'
import {
  ConfigurationError,
  type ProcoreContext,
  type ProcoreUser as User,
} from '@procore-auth/core'
import { carrierIn, fixFor } from './carrier.js'

function contextIn(name: string | undefined, host: ExecutionContext): ProcoreContext {
  const { procore } = carrierIn(host, name)
  if (procore) return procore
  throw new ConfigurationError([fixFor(name)])
}

/**
 * Hands a parameter what `req.procore` is; its type is `ProcoreContext`.
 *
 * @example
 * projects(\@Procore() procore: ProcoreContext) {} // of one of several instances: \@Procore('production')
 */
export const Procore: (name?: string) => ParameterDecorator = createParamDecorator(contextIn)

/** Hands a parameter who signed in; `undefined` when nobody did. */
export const ProcoreUser: (name?: string) => ParameterDecorator = createParamDecorator(
  (name: string | undefined, host: ExecutionContext) => contextIn(name, host).user,
)

/** Who signed in. */
export type ProcoreUser = User
