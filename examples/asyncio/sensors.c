/* SPDX-License-Identifier: MIT
 *
 * sensors: threads that call back.
 */
#include "sensors.h"

#include <pthread.h>

#define MOST 64

static struct sensor {
    pthread_t thread;
    int number, readings;
    sensors_callback *callback;
    double sum;
} sensor[MOST];

static int started;

static void *measure(void *arg)
{
    struct sensor *me = arg;
    for (int i = 0; i < me->readings; i++)
        me->sum += me->callback((struct reading){me->number, i, me->number + i / 1000.0});
    return 0;
}

void sensors_start(int sensors, int readings, sensors_callback *callback)
{
    for (started = 0; started < sensors && started < MOST; started++) {
        sensor[started] = (struct sensor){0, started, readings, callback, 0};
        pthread_create(&sensor[started].thread, 0, measure, &sensor[started]);
    }
}

double sensors_stop(void)
{
    double sum = 0;
    for (int i = 0; i < started; i++) {
        pthread_join(sensor[i].thread, 0);
        sum += sensor[i].sum;
    }
    return sum;
}
