export type { ProcoreContext } from '@procore-auth/core'
export { Procore, ProcoreUser } from './decorators.js'
export { toHttpException } from './exceptions.js'
export { ProcoreGuard } from './procore.guard.js'
export {
  ProcoreAuthModule,
  type ProcoreAuthModuleExtras,
  type ProcoreAuthModuleOptions,
  type ProcoreAuthOptionsFactory,
} from './procore-auth.module.js'
export { getProcoreAuthToken, InjectProcoreAuth, ProcoreAuth } from './tokens.js'
