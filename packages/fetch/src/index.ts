export { procoreAuth } from './procore-auth.js'
export { requireProcore } from './require-procore.js'
export type { ProcoreHandler, ProcoreRequest, WithProcore } from './types.js'
