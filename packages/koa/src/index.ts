export { procoreAuth } from './middleware.js'
export { requireProcore } from './require-procore.js'
export type { Handler, KoaContext } from './types.js'
