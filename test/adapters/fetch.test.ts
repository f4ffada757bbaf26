import { testAdapter } from '@procore-auth/conformance'
import { describe, test } from 'vitest'
import { startHono } from './apps/fetch.js'

testAdapter({ describe, test }, { name: 'Hono', start: startHono })
