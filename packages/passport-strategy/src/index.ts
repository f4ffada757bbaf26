export { AuthorizationError, InternalOAuthError, TokenError } from 'passport-oauth2'
export { requireProcore } from './require-procore.js'
export { ProcoreStrategy } from './strategy.js'
export type {
  ExpressRequest,
  Handler,
  ProcoreProfile,
  ProcoreStrategyOptions,
  TokenParameters,
  Verify,
  VerifyDone,
  VerifyWithParameters,
  VerifyWithRequest,
  VerifyWithRequestAndParameters,
} from './types.js'
