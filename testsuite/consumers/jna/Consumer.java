// SPDX-License-Identifier: MIT
//
// What JNA does with the C library and our own C: calls and callbacks, on threads of C and of Java.
import com.sun.jna.*;
import java.util.*;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

public class Consumer {
    @Structure.FieldOrder({"x", "y"})
    public static class Point extends Structure implements Structure.ByValue {
        public double x, y;
        public Point() { }
        Point(double x, double y) { this.x = x; this.y = y; }
    }

    @Structure.FieldOrder({"id", "tag", "weight"})
    public static class Item extends Structure implements Structure.ByValue {
        public int id;
        public byte tag;
        public double weight;
    }

    @Structure.FieldOrder({"a", "b", "c", "d"})
    public static class Big extends Structure implements Structure.ByValue {
        public NativeLong a, b, c, d;
    }

    public interface OfInt extends Callback { int call(int x); }
    public interface OfDouble extends Callback { double call(double x); }
    public interface OfWord extends Callback { void call(String word); }
    public interface OfPoint extends Callback { Point call(Point p); }
    public interface OfPair extends Callback { int call(Pointer a, Pointer b); }
    public interface OfSignal extends Callback { void call(int number); }

    public interface Native extends Library {
        Point scaled(Point p, double by);
        Item heavier(Item i, double by);
        Big big_of(NativeLong first);
        NativeLong big_sum(Big b);
        double mixed(byte a, short b, int c, float d, double e, long f, String digits);
        double twelve(double a, int b, double c, int d, double e, int f, double g, int h, double i, int j, double k, int l);
        float half(float x);
        String greet(String name);
        int apply(OfInt f, int x);
        double integrate(OfDouble f, double from, double to, int steps);
        int each_word(String text, OfWord word);
        Point walk(OfPoint step, Point from, int steps);
        void keep(int slot, OfInt f);
        NativeLong call_kept(int count, int x);
        NativeLong in_threads(OfInt f, int count);
    }

    public interface C extends Library {
        void qsort(Memory base, NativeLong count, NativeLong size, OfPair compare);
        int snprintf(Memory text, NativeLong size, String format, Object... arguments);
    }

    static final Native N = Native.class.cast(com.sun.jna.Native.load(System.getenv("RX_NATIVE"), Native.class));
    static final C LIBC = com.sun.jna.Native.load("c", C.class);
    static int passed, ran;

    static void test(String name, Object expected, Callable<Object> work) {
        ran++;
        try {
            Object got = work.call();
            if (!got.equals(expected)) throw new Exception("expected " + expected + ", got " + got);
            passed++;
            System.out.println("ok " + name);
        } catch (Throwable e) {
            System.out.println("fail " + name + " # " + e);
        }
    }

    public static void main(String[] arguments) throws Exception {
        test("structs in vector registers", "3.0 5.0", () -> {
            Point p = N.scaled(new Point(1.5, 2.5), 2);
            return p.x + " " + p.y;
        });
        test("structs of both classes", "8 98 3.5", () -> {
            Item i = new Item();
            i.id = 7;
            i.tag = 'a';
            i.weight = 3;
            i = N.heavier(i, 0.5);
            return i.id + " " + i.tag + " " + i.weight;
        });
        test("structs in memory", 406L, () -> N.big_sum(N.big_of(new NativeLong(100))).longValue());
        test("arguments of every kind", 28.5, () -> N.mixed((byte) -1, (short) 2, 3, 4.5f, 6, 7, "7.0"));
        test("arguments on the stack", 650.0, () -> N.twelve(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
        test("float", 1.25f, () -> N.half(2.5f));
        test("strings", "hello, Java", () -> N.greet("Java"));
        test("variadic", "3 4.50 five", () -> {
            Memory text = new Memory(100);
            LIBC.snprintf(text, new NativeLong(100), "%d %.2f %s", 3, 4.5, "five");
            return text.getString(0);
        });
        OfInt twice = x -> 2 * x;
        test("callback", 42, () -> N.apply(twice, 21));
        test("callback of doubles", 333, () -> (int) (1000 * N.integrate(x -> x * x, 0, 1, 1000)));
        test("iterator", "[one, two, three]", () -> {
            List<String> words = new ArrayList<>();
            N.each_word("one two three", words::add);
            return words.toString();
        });
        test("callback of structs", "10.0 1024.0", () -> {
            Point p = N.walk(q -> {
                Point next = new Point(q.x + 1, q.y * 2);
                next.write();
                return next;
            }, new Point(0, 1), 10);
            return p.x + " " + p.y;
        });
        test("qsort", "sorted", () -> {
            Memory values = new Memory(4000);
            for (int i = 0; i < 1000; i++) values.setInt(4L * i, i * 637 % 1000);
            LIBC.qsort(values, new NativeLong(1000), new NativeLong(4), (a, b) -> a.getInt(0) - b.getInt(0));
            for (int i = 0; i < 1000; i++) if (values.getInt(4L * i) != i) return i;
            return "sorted";
        });
        test("exception in a callback", "out of C", () -> {
            StringBuilder seen = new StringBuilder();
            com.sun.jna.Native.setCallbackExceptionHandler((c, e) -> seen.append(e.getMessage()));
            N.apply(x -> { throw new RuntimeException("out of C"); }, 1);
            return seen.toString();
        });
        test("5000 callbacks at a time", 5000L * 7 + 4999 * 2500, () -> {
            OfInt[] kept = new OfInt[5000];
            for (int i = 0; i < 5000; i++) {
                int mine = i;
                kept[i] = x -> x + mine;
                N.keep(i, kept[i]);
            }
            return N.call_kept(5000, 7).longValue();
        });
        test("threads of C", 380L, () -> N.in_threads(twice, 20).longValue());
        test("threads of Java", 400, () -> {
            AtomicInteger count = new AtomicInteger();
            Thread[] threads = new Thread[4];
            for (int t = 0; t < 4; t++) {
                threads[t] = new Thread(() -> { for (int i = 0; i < 100; i++) count.addAndGet(N.apply(x -> x, 1)); });
                threads[t].start();
            }
            for (Thread thread : threads) thread.join();
            return count.get();
        });
        System.out.println(passed + " of " + ran);
        System.exit(passed == ran ? 0 : 1);
    }
}
