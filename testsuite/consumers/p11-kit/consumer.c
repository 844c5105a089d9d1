/* SPDX-License-Identifier: MIT
 *
 * Loads p11-kit's modules many times over, and uses the last of them.
 */
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { LOADS = 100, THREADS = 8 };

static int passed, ran;

static void test(const char *name, int ok)
{
    ran++;
    passed += ok;
    printf("%s %s\n", ok ? "ok" : "fail", name);
    fflush(stdout);
}

static CK_FUNCTION_LIST **loaded[LOADS];
static CK_FUNCTION_LIST *token;
static CK_SLOT_ID slot;

/* Of the last set of modules, the one that has our token. */
static int find_token(CK_FUNCTION_LIST **modules)
{
    for (; *modules; modules++) {
        CK_SLOT_ID slots[16];
        CK_ULONG count = 16;
        if ((*modules)->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
            continue;
        for (CK_ULONG i = 0; i < count; i++) {
            CK_TOKEN_INFO info;
            if ((*modules)->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
                memcmp(info.label, "token ", 6) == 0) {
                token = *modules;
                slot = slots[i];
                return 1;
            }
        }
    }
    return 0;
}

static int digest(void)
{
    static const unsigned char expected[4] = {0xba, 0x78, 0x16, 0xbf}; /* of "abc" (FIPS 180-4) */
    CK_SESSION_HANDLE session;
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    unsigned char out[32];
    CK_ULONG size = sizeof out;
    int ok = token->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK &&
             token->C_DigestInit(session, &sha256) == CKR_OK &&
             token->C_Digest(session, (CK_BYTE *)"abc", 3, out, &size) == CKR_OK && size == 32 &&
             memcmp(out, expected, 4) == 0;
    return token->C_CloseSession(session) == CKR_OK && ok;
}

static int sign(void)
{
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    CK_MECHANISM make = {CKM_GENERIC_SECRET_KEY_GEN, NULL, 0}, hmac = {CKM_SHA256_HMAC, NULL, 0};
    CK_ULONG length = 32, size = 64;
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ATTRIBUTE wanted[] = {{CKA_VALUE_LEN, &length, sizeof length},
                             {CKA_SIGN, &yes, 1},
                             {CKA_VERIFY, &yes, 1},
                             {CKA_TOKEN, &no, 1}};
    unsigned char out[64];
    int ok = token->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                                  &session) == CKR_OK &&
             token->C_Login(session, CKU_USER, (CK_BYTE *)"1234", 4) == CKR_OK &&
             token->C_GenerateKey(session, &make, wanted, 4, &key) == CKR_OK &&
             token->C_SignInit(session, &hmac, key) == CKR_OK &&
             token->C_Sign(session, (CK_BYTE *)"abc", 3, out, &size) == CKR_OK && size == 32 &&
             token->C_VerifyInit(session, &hmac, key) == CKR_OK &&
             token->C_Verify(session, (CK_BYTE *)"abc", 3, out, size) == CKR_OK;
    token->C_CloseSession(session);
    return ok;
}

static void *digests(void *result)
{
    int ok = 1;
    for (int i = 0; i < 50; i++)
        ok &= digest();
    *(int *)result = ok;
    return NULL;
}

int main(void)
{
    int count = 0, infos = 0, modules = 0;
    for (; count < LOADS; count++) {
        loaded[count] = p11_kit_modules_load_and_initialize(0);
        if (!loaded[count])
            break;
    }
    test("modules loaded 100 times", count == LOADS);
    for (int i = 0; i < count; i++) {
        for (CK_FUNCTION_LIST **m = loaded[i]; *m; m++, modules++) {
            CK_INFO info;
            infos += (*m)->C_GetInfo(&info) == CKR_OK && info.cryptokiVersion.major == 2;
        }
    }
    test("more modules than p11-kit has functions for", modules > 64);
    test("each is called", infos == modules);
    test("the token is found", count > 0 && find_token(loaded[count - 1]));
    test("digest", token && digest());
    test("sign and verify", token && sign());

    pthread_t threads[THREADS];
    int results[THREADS] = {0}, all = 1;
    for (int i = 0; token && i < THREADS; i++)
        pthread_create(&threads[i], NULL, digests, &results[i]);
    for (int i = 0; token && i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        all &= results[i];
    }
    test("threads", token && all);

    while (count > 0)
        p11_kit_modules_finalize_and_release(loaded[--count]);
    loaded[0] = p11_kit_modules_load_and_initialize(0);
    test("loaded once more after all were released",
         loaded[0] && find_token(loaded[0]) && digest());

    printf("%d of %d\n", passed, ran);
    return passed != ran;
}
