import cluster from 'node:cluster'
import { isProcoreAuthError } from '@procore-auth/core'
import { startPrimary } from './primary.js'
import { SetupError } from './store.js'
import { startWeb } from './web.js'
import { startWorker } from './worker.js'

/*
 * One program, six processes: the primary, which starts and watches the others; four that serve the
 * site on one port; and a worker that uses Procore without anybody at a browser.
 */

const { worker } = cluster

try {
  if (!worker) await startPrimary()
  else if (process.env['ROLE'] === 'worker') await startWorker(worker)
  else startWeb(worker)
} catch (error) {
  if (!(error instanceof SetupError) && !isProcoreAuthError(error)) throw error
  console.error(error.message)
  process.exitCode = 1
}
