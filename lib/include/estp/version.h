/* SPDX-License-Identifier: MIT */
#ifndef ESTP_VERSION_H
#define ESTP_VERSION_H

/* Public functions of the library. */
#define ESTP_EXPORT __attribute__((visibility("default")))

#define ESTP_LIB_MAJOR		0
#define ESTP_LIB_MINOR		1
#define ESTP_LIB_VERSION	(ESTP_LIB_MAJOR << 16 | ESTP_LIB_MINOR)

#ifdef __cplusplus
extern "C" {
#endif

/**
 * estp_version() - version of the library that is running
 *
 * Anywhere.  Return: major << 16 | minor; ESTP_LIB_VERSION is that of the headers.
 */
ESTP_EXPORT unsigned int estp_version(void);

#ifdef __cplusplus
}
#endif

#endif /* ESTP_VERSION_H */
