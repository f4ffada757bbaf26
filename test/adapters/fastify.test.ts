import { testAdapter } from '@procore-auth/conformance'
import { describe, test } from 'vitest'
import { startFastify } from './apps/fastify.js'

testAdapter({ describe, test }, { name: 'Fastify 5', start: startFastify })
