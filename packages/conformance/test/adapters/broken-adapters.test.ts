import { expect, test, vi } from 'vitest'
import { adapterFailures, casesOf } from '../support/adapter-failures.js'
import {
  AddsNoCookies,
  AnswersAndPassesOn,
  CarriesQueries,
  CollectsAnswers,
  DropsBodies,
  DropsHeaders,
  DropsWhatIsLate,
  GuardsNothing,
  HangsOnErrors,
  JoinsCookies,
  LeavesLoginOpen,
  LosesRejections,
  MarksEveryAnswer,
  MindsTheBrowser,
  PassesOnTwice,
  RedirectsEverybody,
  ReflectsRequests,
  RefusesAndPassesOn,
  ReplacesCookies,
  RoundsStatuses,
  SendsOneCookie,
  SwallowsErrors,
  SwallowsForeignErrors,
} from '../support/broken-answers.js'
import {
  AnswersEveryHead,
  AsksProcore,
  CoversEverything,
  DecodesCookies,
  DropsAllHeaders,
  DropsQueries,
  DropsRaw,
  DropsRequestHeaders,
  EndsOtherTabs,
  ForgetsContexts,
  ForgetsOptions,
  ForgetsSignIns,
  KnowsTwoMethods,
  LooksAtOnce,
  LooksForGrants,
  ReadsBodies,
  RemembersAnswers,
  RemembersPeople,
  SeesStrippedPaths,
  SharesContexts,
  SharesSignIns,
  TakesHeadForGet,
  TidiesPaths,
  TriesAgain,
  TrustsHost,
  TrustsMethod,
  TrustsPrefix,
  TrustsScheme,
} from '../support/broken-requests.js'
import type { AdapterClass } from '../support/node-app.js'
import { SoundAdapter } from '../support/sound-adapter.js'

vi.setConfig({ testTimeout: 60_000 })

/** What is wrong with an adapter, the adapter, and tests that have to fail. */
const BROKEN: readonly (readonly [
  fault: string,
  adapter: AdapterClass,
  failures: readonly string[],
])[] = [
  [
    'ends the answer itself when something fails, so that nobody hears of it',
    SwallowsErrors,
    [
      'callback > onSignIn may throw, and then refuse',
      'store errors > acquireLease fails at the callback: one error',
      'store errors > get fails at the callback: one error',
      'store errors > put fails at the callback: one error',
      'store errors > a store that throws at once is one that fails',
      'store errors > a callback may come again once the store is back',
      'store errors > the disconnect route without the store: one error',
    ],
  ],
  [
    'takes the errors of what stands behind it for its own, and ends the answer itself',
    SwallowsForeignErrors,
    [
      'client > nobody has no client: one error, 401',
      'sign-out > procore.disconnect() of nobody is an error',
      'store errors > get fails at the guard: one error, no handler',
      'store errors > get fails in a handler: one error',
      'store errors > no refresh without the store: one error, then it works',
      'store errors > procore.disconnect() without the store: one error',
    ],
  ],
  [
    'passes a request on again when what stands behind it fails',
    PassesOnTwice,
    [
      "client > Procore's errors reach the error handler once",
      'client > a grant that Procore ended asks for a new sign-in',
    ],
  ],
  [
    'answers nothing when something fails',
    HangsOnErrors,
    [
      'callback > onSignIn may throw, and then refuse',
      'store errors > get fails at the guard: one error, no handler',
    ],
  ],
  [
    'does not wait for its own work, and so never hears that it failed',
    LosesRejections,
    ['callback > onSignIn may throw, and then refuse'],
  ],
  [
    'answers, and lets the application answer as well',
    AnswersAndPassesOn,
    ['sign-in > login leads to Procore with the registered redirect URI'],
  ],
  [
    'answers a request that is refused, and runs its handler all the same',
    RefusesAndPassesOn,
    [
      'guard > leads a browser to login, and back to its page',
      'sign-out > procore.disconnect() ends the grant',
      'hostile headers > a session cookie that was changed names nobody',
    ],
  ],
  [
    'lets everybody through',
    GuardsNothing,
    [
      'guard > runs no handler of a request that it answers',
      'sign-out > logout ends the session and keeps the grant',
      'mounting > the routes are where basePath says',
    ],
  ],
  [
    'leads everybody to login, programs and forms too',
    RedirectsEverybody,
    ['guard > tells a program 401 in JSON', 'guard > tells a form 401, which no login brings back'],
  ],
  [
    "puts its cookies in place of the application's",
    ReplacesCookies,
    [
      'the rest of the application > keeps its own cookies beside those of a sign-in',
      'the rest of the application > keeps its own cookies beside procore.logout()',
    ],
  ],
  [
    'sends the last cookie alone, as a map of headers would',
    SendsOneCookie,
    [
      'sign-in > cookies are kept from scripts and other sites',
      'callback > a login that took too long is refused',
      'callback > a callback that is loaded again signs nobody else in',
    ],
  ],
  [
    'joins its cookies in one header',
    JoinsCookies,
    ['sign-in > who allows is signed in, at returnTo'],
  ],
  [
    'keeps the cookies of `logout()` and `disconnect()` to itself',
    AddsNoCookies,
    ['sign-out > procore.logout() leaves the answer to the handler'],
  ],
  [
    'takes cookies and redirects for an answer that is gone, and drops them',
    DropsWhatIsLate,
    ['an answer', 'the beginning of a stream'].flatMap((when) => [
      `after ${when} > procore.disconnect() ends the grant, and says what it cannot`,
      `after ${when} > procore.login() is an error`,
      `after ${when} > procore.logout() is an error, and ends nothing`,
    ]),
  ],
  [
    'takes it for a failure that the browser has left',
    MindsTheBrowser,
    ['callback > a browser that leaves in the middle may come back'],
  ],
  [
    'sends status, address and cookies, and leaves the other headers out',
    DropsHeaders,
    ['sign-in > no answer is cached or tells where it came from'],
  ],
  ['sends no bodies', DropsBodies, ['callback > a program is told in JSON']],
  [
    'redirects by 302 and refuses by 400, whatever was meant',
    RoundsStatuses,
    [
      'callback > a callback of another browser is refused',
      'sign-out > logout tells a program 204',
      'sign-out > disconnect ends the grant and the session',
      'the rest of the application > has its body parser before the adapter',
      'the rest of the application > may read no body at all',
    ],
  ],
  [
    'forgets to end the answer of `login()`',
    LeavesLoginOpen,
    [
      'sign-in > procore.login() leads to Procore and back',
      'sign-in > procore.login() leads nowhere else',
    ],
  ],
  [
    'takes the query of the callback along to where it ends',
    CarriesQueries,
    [
      'sign-in > who allows is signed in, at returnTo',
      'sign-in > no code, state or token is left in an answer',
      'callback > two hits at the same time are one sign-in',
      'sign-out > logout ends at returnTo, and nowhere else',
    ],
  ],
  [
    'shows what it was asked on pages of errors',
    ReflectsRequests,
    [
      'callback > a callback that nobody asked for is refused',
      'callback > an error that somebody made up is not shown',
      'hostile headers > they turn up in no error',
    ],
  ],
  [
    'has every answer of the application not cached',
    MarksEveryAnswer,
    ['the rest of the application > gets no header from the adapter'],
  ],
  [
    'collects what the application writes until it ends',
    CollectsAnswers,
    ['the rest of the application > streams piece by piece'],
  ],
  [
    'keeps the context of a request where the next one finds it',
    SharesContexts,
    [
      'users at the same time > a request that waits is not taken for a later one',
      'users at the same time > 200 of them are never mixed up',
    ],
  ],
  [
    'makes a context whenever it is asked for one',
    ForgetsContexts,
    ['client > procore is one object per request'],
  ],
  [
    'looks who is there before anybody asks',
    LooksAtOnce,
    ['store errors > principal throws: one error where it is asked'],
  ],
  [
    'asks Procore who is there, with every request that is guarded',
    AsksProcore,
    ['guard > asks Procore nothing about a user it knows'],
  ],
  [
    'believes the host that the request names',
    TrustsHost,
    [
      'mounting > behind TLS offload: there and back',
      'hostile headers > Host and X-Forwarded-* decide no address',
      'hostile headers > nor do they behind TLS offload',
    ],
  ],
  [
    'believes the prefix that the request names',
    TrustsPrefix,
    [
      'mounting > behind a proxy that strips a prefix: there and back',
      'hostile headers > Host and X-Forwarded-* decide no address',
    ],
  ],
  [
    'believes the scheme that the request names',
    TrustsScheme,
    [
      'mounting > behind TLS offload: cookies are bound to the host',
      'hostile headers > nor do they behind TLS offload',
    ],
  ],
  [
    'believes the method that the request names',
    TrustsMethod,
    ['hostile headers > Host and X-Forwarded-* decide no address'],
  ],
  [
    'takes HEAD for GET',
    TakesHeadForGet,
    [
      'HEAD, OPTIONS and looking ahead > HEAD uses nothing up',
      'HEAD, OPTIONS and looking ahead > HEAD of a guarded route gets no further',
    ],
  ],
  [
    'knows GET and POST alone',
    KnowsTwoMethods,
    [
      'HEAD, OPTIONS and looking ahead > OPTIONS says what is allowed and uses nothing up',
      'HEAD, OPTIONS and looking ahead > other methods of login and callback get 405',
    ],
  ],
  [
    'answers every HEAD itself',
    AnswersEveryHead,
    [
      "HEAD, OPTIONS and looking ahead > HEAD of the application's routes stays its own",
      'HEAD, OPTIONS and looking ahead > logout and disconnect happen by POST alone',
    ],
  ],
  [
    'gives the cookies and what is accepted on, and no other header',
    DropsRequestHeaders,
    [
      'HEAD, OPTIONS and looking ahead > a prefetch uses nothing up',
      'sign-out > another site can end nothing',
    ],
  ],
  ['gives no header on', DropsAllHeaders, ['sign-in > who allows is signed in, at returnTo']],
  [
    'gives the path on without its query',
    DropsQueries,
    ['sign-in > who allows is signed in, at returnTo'],
  ],
  [
    'does not say which request it was',
    DropsRaw,
    ["callback > onSignIn sees the framework's request"],
  ],
  [
    'tidies paths up before it looks at them',
    TidiesPaths,
    ["HEAD, OPTIONS and looking ahead > what is none of the routes is the application's"],
  ],
  [
    'decodes cookies, and fails at those that cannot be decoded',
    DecodesCookies,
    ['hostile headers > no Cookie header makes a request fail'],
  ],
  [
    'sees the path that its router sees, without the prefix',
    SeesStrippedPaths,
    ['mounting > in a router: nothing is served outside'],
  ],
  [
    'serves outside its router too',
    CoversEverything,
    ['mounting > in a router: nothing is served outside'],
  ],
  [
    'reads the body before the application does',
    ReadsBodies,
    ['the rest of the application > has its body parser after the adapter'],
  ],
  [
    'hands on what is needed to connect, and no other option',
    ForgetsOptions,
    [
      'sign-in > without returnTo it ends at the default',
      'sign-in > a returnTo elsewhere ends at the default',
      'client > a token is renewed before it ends',
    ],
  ],
  [
    'has one sign-in for all that it is mounted for',
    SharesSignIns,
    [
      'two Procores in one application > have users and grants of their own',
      'two Procores in one application > are ended one at a time',
    ],
  ],
  [
    'makes a sign-in for each request',
    ForgetsSignIns,
    [
      'client > an expired token is renewed once for all who wait',
      'client > the service account works for everybody',
    ],
  ],
  [
    'remembers the answer of each URL',
    RemembersAnswers,
    [
      'sign-in > login leads to Procore with the registered redirect URI',
      'sign-in > who signs in as somebody else is somebody else',
      'callback > who denies is refused, and may try again',
      'callback > a code that Procore rejects is refused',
      'callback > a token endpoint that fails is told',
      'callback > a user whom Procore does not show is not signed in',
      'sign-out > procore.disconnect() of one user leaves the other',
    ],
  ],
  [
    'tries once more what failed',
    TriesAgain,
    ['sign-out > disconnect keeps what Procore does not end'],
  ],
  [
    'takes nobody for who was there last',
    RemembersPeople,
    [
      'mounting > in a router: there and back',
      'mounting > the callback is where the redirect URI says',
    ],
  ],
  [
    'asks the store with every request',
    LooksForGrants,
    ['store errors > nothing else needs the store'],
  ],
  [
    'ends the other logins of a browser when one begins',
    EndsOtherTabs,
    [
      'sign-in > five tabs finish in reverse order',
      'two Procores in one application > take no callback of each other',
    ],
  ],
]

test('an adapter without a fault passes', async () => {
  expect([...(await adapterFailures(SoundAdapter))]).toEqual([])
})

test.each(BROKEN)('an adapter is caught that %s', async (_, adapter, failures) => {
  expect([...(await adapterFailures(adapter, failures)).keys()]).toEqual(failures)
})

test('every case catches one of them', () => {
  const caught = new Set(BROKEN.flatMap(([, , failures]) => failures))
  expect(casesOf({}).filter((name) => !caught.has(name))).toEqual([])
})

test('what an adapter does not do is not declared', () => {
  const all = casesOf({})
  const some = casesOf({ session: 'application' })
  expect(some.filter((name) => !all.includes(name))).toEqual([])
  expect(all.filter((name) => !some.includes(name)).length).toBeGreaterThan(10)
  expect(some.filter((name) => /logout/.test(name))).toEqual([])
})
