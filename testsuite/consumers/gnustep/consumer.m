/* SPDX-License-Identifier: MIT
 *
 * Messages that an object does not understand and forwards: GNUstep makes a closure for their types, which packs
 * them up as an NSInvocation; that is sent to a worker, which hands them to the native C. A line for each test.
 */
#import <Foundation/Foundation.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "native.h"

@interface Worker : NSObject
- (double)mixed:(signed char)a :(unsigned short)b :(int)c :(float)d :(double)e :(long long)f :(const char *)digits;
- (double)twelve:(double)a :(int)b :(double)c :(int)d :(double)e :(int)f :(double)g :(int)h :(double)i :(int)j
                :(double)k :(int)l;
- (float)half:(float)x;
- (NSString *)greet:(NSString *)name;
- (struct point)scale:(struct point)p by:(double)by;
- (struct item)add:(double)by to:(struct item)i;
- (struct big)bigOf:(long)first;
- (long)sum:(struct big)b;
- (NSRange)grown:(NSRange)range;
- (int)raise:(NSString *)why;
- (int)twice:(int)x;
@end

@implementation Worker
- (double)mixed:(signed char)a :(unsigned short)b :(int)c :(float)d :(double)e :(long long)f :(const char *)digits
{
    return mixed(a, b, c, d, e, f, digits);
}
- (double)twelve:(double)a :(int)b :(double)c :(int)d :(double)e :(int)f :(double)g :(int)h :(double)i :(int)j
                :(double)k :(int)l
{
    return twelve(a, b, c, d, e, f, g, h, i, j, k, l);
}
- (float)half:(float)x
{
    return half(x);
}
- (NSString *)greet:(NSString *)name
{
    return [NSString stringWithUTF8String:greet([name UTF8String])];
}
- (struct point)scale:(struct point)p by:(double)by
{
    return scaled(p, by);
}
- (struct item)add:(double)by to:(struct item)i
{
    return heavier(i, by);
}
- (struct big)bigOf:(long)first
{
    return big_of(first);
}
- (long)sum:(struct big)b
{
    return big_sum(b);
}
- (NSRange)grown:(NSRange)range
{
    return NSMakeRange(range.location - 1, range.length + 2);
}
- (int)raise:(NSString *)why
{
    [NSException raise:@"Raised" format:@"%@", why];
    return 0;
}
- (int)twice:(int)x
{
    return 2 * x;
}
@end

/* Understands nothing, and forwards it. */
@interface Forwarder : NSObject {
    id target;
  @public
    int forwarded;
}
@end

@implementation Forwarder
+ (id)to:(id)target
{
    Forwarder *made = [[self new] autorelease];
    made->target = [target retain];
    return made;
}
- (void)dealloc
{
    [target release];
    [super dealloc];
}
- (NSMethodSignature *)methodSignatureForSelector:(SEL)selector
{
    return [target methodSignatureForSelector:selector];
}
- (void)forwardInvocation:(NSInvocation *)invocation
{
    __sync_fetch_and_add(&forwarded, 1);
    [invocation invokeWithTarget:target];
}
@end

static int passed, ran;

static void test(const char *name, BOOL right)
{
    ran++;
    passed += right;
    printf("%s %s\n", right ? "ok" : "fail", name);
    fflush(stdout);
}

static void values(id far)
{
    test("arguments of every kind", [far mixed:-1 :2 :3 :4.5f :6 :7 :"7.0"] == 28.5);
    test("arguments on the stack", [far twelve:1 :2 :3 :4 :5 :6 :7 :8 :9 :10 :11 :12] == 650);
    test("float", [far half:2.5f] == 1.25f);
    test("objects", [[far greet:@"GNUstep"] isEqual:@"hello, GNUstep"]);
    struct point p = [far scale:(struct point){1.5, 2.5} by:2];
    test("structs in vector registers", p.x == 3 && p.y == 5);
    struct item i = [far add:0.5 to:(struct item){7, 'a', 3}];
    test("structs of both classes", i.id == 8 && i.tag == 'b' && i.weight == 3.5);
    test("structs in memory", [far sum:[far bigOf:100]] == 406);
    NSRange range = [far grown:NSMakeRange(3, 4)];
    test("structs in general registers", range.location == 2 && range.length == 6);
}

/* From the called method through NSInvocation and the closure. */
static void exceptions(id far)
{
    NSString *caught = nil;
    @try {
        [far raise:@"out of C"];
    } @catch (NSException *exception) {
        caught = [exception reason];
    }
    test("an exception in a callback", [caught isEqual:@"out of C"]);
}

static void invocation(void)
{
    Worker *worker = [[Worker new] autorelease];
    NSInvocation *call =
        [NSInvocation invocationWithMethodSignature:[worker methodSignatureForSelector:@selector(twice:)]];
    int x = 21, result = 0;
    [call setSelector:@selector(twice:)];
    [call setArgument:&x atIndex:2];
    [call invokeWithTarget:worker];
    [call getReturnValue:&result];
    test("an invocation of one's own", result == 42);
}

static void undo(void)
{
    NSUndoManager *manager = [[NSUndoManager new] autorelease];
    NSMutableArray *list = [NSMutableArray arrayWithObjects:@"one", @"two", nil];
    [[manager prepareWithInvocationTarget:list] removeObjectAtIndex:0];
    [manager undo];
    test("what is recorded and sent later", [list count] == 1 && [[list lastObject] isEqual:@"two"]);
}

/* The closures of one autorelease pool live as long as that. */
static int call_often(id far, int count)
{
    int sum = 0;
    NSAutoreleasePool *pool = [NSAutoreleasePool new];
    for (int i = 0; i < count; i++)
        sum += [far twice:i] == 2 * i;
    [pool release];
    return sum;
}

enum { THREADS = 8, CALLS = 500 };
static int right, over;

@interface Runner : NSObject
@end
@implementation Runner
+ (void)run:(id)far
{
    int sum = call_often(far, CALLS);
    __sync_fetch_and_add(&right, sum);
    __sync_fetch_and_add(&over, 1);
}
@end

static void threads(id far)
{
    for (int i = 0; i < THREADS; i++)
        [NSThread detachNewThreadSelector:@selector(run:) toTarget:[Runner class] withObject:far];
    while (__sync_fetch_and_add(&over, 0) < THREADS)
        [NSThread sleepForTimeInterval:0.01];
    test("8 threads", right == THREADS * CALLS);
}

static void copy_maps(void)
{
    NSString *maps = [NSString stringWithContentsOfFile:@"/proc/self/maps"];
    [maps writeToFile:[NSString stringWithFormat:@"%s/maps", getenv("RX_RECORD")] atomically:NO];
}

int main(void)
{
    NSAutoreleasePool *pool = [NSAutoreleasePool new];
    Forwarder *near = [Forwarder to:[[Worker new] autorelease]];
    id far = near, farther = [Forwarder to:near];
    values(far);
    test("each was forwarded", near->forwarded == 9);
    exceptions(far);
    test("forwarded twice", [farther twice:21] == 42);
    invocation();
    undo();
    test("3000 forwarded at a time", call_often(far, 3000) == 3000);
    int sum = 0;
    for (int i = 0; i < 100; i++)
        sum += call_often(far, 200);
    test("20000 forwarded", sum == 20000);
    threads(far);
    copy_maps();
    [pool release];
    printf("%d of %d\n", passed, ran);
    return passed != ran;
}
