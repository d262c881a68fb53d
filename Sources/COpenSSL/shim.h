// Hashes from the system's libcrypto (Debian libssl-dev).
#pragma once
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
