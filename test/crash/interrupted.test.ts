// Both wait for leases more than they compute: in one file they do so side by side.
import './pause.js'
import './steps.js'
