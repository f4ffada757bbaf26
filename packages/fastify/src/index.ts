export type { ProcorePluginOptions } from './options.js'
export { procoreAuth } from './plugin.js'
export { requireProcore } from './require-procore.js'
