export { procoreAuth } from './middleware.js'
export { requireProcore } from './require-procore.js'
export type { ExpressRequest, Handler } from './types.js'
