//! The same binary against moto: every setting is stored there, nothing is served.
