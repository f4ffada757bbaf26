import { guardAttached } from '@procore-auth/core'
import { respond } from './respond.js'
import type { Handler } from './types.js'

const FIX = 'requireProcore() needs app.use(procoreAuth()) before it'

/**
 * Lets a request pass when somebody is signed in and connected. A browser that opens a page is sent
 * to login and comes back; an API caller gets 401 with JSON.
 *
 * @example
 * app.get('/projects', requireProcore(), (req, res) => …)
 */
export function requireProcore(): Handler {
  return (req, res, next) => {
    void respond(guardAttached(req, FIX), res, next)
  }
}
