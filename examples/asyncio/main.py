# SPDX-License-Identifier: MIT
"""Readings of a C library, handled in the thread of an asyncio loop.

The sensors are threads of the C library, and each calls back from its own. What they call is a closure with a queue,
so the callback runs here: in the one thread in which asyncio may be used, inside the running loop, which polls the
queue's descriptor. A sensor sleeps until its reading has been corrected, and gets the corrected one back.
"""
import asyncio
import ctypes
import threading

SENSORS, READINGS = 8, 250


class Reading(ctypes.Structure):
    _fields_ = [("sensor", ctypes.c_int), ("number", ctypes.c_int), ("value", ctypes.c_double)]


CALLBACK = ctypes.CFUNCTYPE(ctypes.c_double, Reading)

ffi = ctypes.CDLL("libffi.so.8")
ffi.ffi_rx_queue_new.restype = ctypes.c_void_p
for name in ("fd", "run", "free"):
    getattr(ffi, f"ffi_rx_queue_{name}").argtypes = [ctypes.c_void_p] + [ctypes.c_int] * (name == "run")

ours = ctypes.CDLL("./sensors.so")
ours.bridge_open.restype = ctypes.c_void_p
ours.bridge_open.argtypes = [ctypes.c_void_p, CALLBACK, ctypes.POINTER(ctypes.c_void_p)]
ours.bridge_close.argtypes = [ctypes.c_void_p]
ours.sensors_start.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p]
ours.sensors_stop.restype = ctypes.c_double


async def main() -> bool:
    loop, here = asyncio.get_running_loop(), threading.get_ident()
    readings, wrong, ticks = asyncio.Queue(), [], 0

    def correct(reading):
        # None of this may be done by another thread, and no lock is needed for it.
        if threading.get_ident() != here or asyncio.get_running_loop() is not loop:
            wrong.append("a reading was handled outside the loop")
        readings.put_nowait((reading.sensor, reading.number))
        return reading.value * 2

    callback = CALLBACK(correct)
    queue, bridge = ffi.ffi_rx_queue_new(), ctypes.c_void_p()
    code = ours.bridge_open(queue, callback, ctypes.byref(bridge))
    loop.add_reader(ffi.ffi_rx_queue_fd(queue), ffi.ffi_rx_queue_run, queue, 0)

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    ours.sensors_start(SENSORS, READINGS, code)
    last = [-1] * SENSORS
    for _ in range(SENSORS * READINGS):
        sensor, number = await readings.get()
        if number != last[sensor] + 1:
            wrong.append(f"reading {number} of sensor {sensor} came after {last[sensor]}")
        last[sensor] = number
    # The loop goes on while the threads end: a sensor may still wait for its last result.
    total = await loop.run_in_executor(None, ours.sensors_stop)
    ticking.cancel()

    loop.remove_reader(ffi.ffi_rx_queue_fd(queue))
    ours.bridge_close(bridge)
    ffi.ffi_rx_queue_free(queue)

    expected = sum(2 * (sensor + number / 1000) for sensor in range(SENSORS) for number in range(READINGS))
    if abs(total - expected) > 1e-6:
        wrong.append(f"the sensors got {total} in all, expected {expected}")
    if ticks < 2:
        wrong.append("the loop did nothing else meanwhile")
    print(f"{SENSORS} threads, {SENSORS * READINGS} readings handled in the loop, which went round {ticks} times")
    for line in wrong[:10]:
        print(line)
    return not wrong


raise SystemExit(0 if asyncio.run(main()) else 1)
