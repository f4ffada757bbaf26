declare module 'passport6' {
  import passport from 'passport'
  export default passport
}
