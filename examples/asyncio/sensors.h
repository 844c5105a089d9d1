/* SPDX-License-Identifier: MIT
 *
 * sensors: a C library as there are many: it has threads of its own, and calls back from them. It
 * knows nothing of Python, of event loops, or of libffi.
 */
#ifndef SENSORS_H
#define SENSORS_H

struct reading {
    int sensor;
    int number; /* 0, 1, 2... of this sensor */
    double value;
};

/* What is to be done with a reading: returned is what it is corrected to. */
typedef double sensors_callback(struct reading reading);

/* Starts so many sensors, a thread each, which call back so many times. */
void sensors_start(int sensors, int readings, sensors_callback *callback);

/* Waits until all have ended, and returns the sum of all corrected readings. */
double sensors_stop(void);

#endif
