(* SPDX-License-Identifier: MIT

   What OCaml's ctypes does with the C library and our own C: calls, and callbacks by Foreign.funptr and
   Foreign.dynamic_funptr, on threads of C and of OCaml. *)
open Ctypes
open Foreign

let native = Dl.dlopen ~filename:(Sys.getenv "RX_NATIVE") ~flags:[ Dl.RTLD_NOW ]
let c name t = foreign ~from:native name t
let passed = ref 0
let ran = ref 0

let test name expected work =
  incr ran;
  (match work () with
  | got when got = expected ->
      incr passed;
      Printf.printf "ok %s\n%!" name
  | _ -> Printf.printf "fail %s # got another value\n%!" name
  | exception e -> Printf.printf "fail %s # %s\n%!" name (Printexc.to_string e))

type point

let point : point structure typ = structure "point"
let px = field point "x" double
let py = field point "y" double
let () = seal point

let make_point x y =
  let p = make point in
  setf p px x;
  setf p py y;
  p

type item

let item : item structure typ = structure "item"
let id = field item "id" int
let tag = field item "tag" char
let weight = field item "weight" double
let () = seal item

type big

let big : big structure typ = structure "big"
let _ = List.map (fun name -> field big name long) [ "a"; "b"; "c"; "d" ]
let () = seal big

let of_int = funptr ~thread_registration:true ~runtime_lock:true (int @-> returning int)
let plain_of_int = int @-> returning int
let apply = c "apply" (funptr plain_of_int @-> int @-> returning int)

exception Out_of_c

(* What C keeps, the collector must keep. *)
let handlers = ref []

let () =
  test "structs in vector registers" (3.0, 5.0) (fun () ->
      let p = c "scaled" (point @-> double @-> returning point) (make_point 1.5 2.5) 2.0 in
      (getf p px, getf p py));
  test "structs of both classes" (8, 'b', 3.5) (fun () ->
      let i = make item in
      setf i id 7;
      setf i tag 'a';
      setf i weight 3.0;
      let h = c "heavier" (item @-> double @-> returning item) i 0.5 in
      (getf h id, getf h tag, getf h weight));
  test "structs in memory" 406 (fun () ->
      let b = c "big_of" (long @-> returning big) (Signed.Long.of_int 100) in
      Signed.Long.to_int (c "big_sum" (big @-> returning long) b));
  test "arguments of every kind" 28.5 (fun () ->
      c "mixed"
        (schar @-> ushort @-> int @-> float @-> double @-> llong @-> string @-> returning double)
        (-1) (Unsigned.UShort.of_int 2) 3 4.5 6.0 (Signed.LLong.of_int 7) "7.0");
  test "arguments on the stack" 650.0 (fun () ->
      c "twelve"
        (double @-> int @-> double @-> int @-> double @-> int @-> double @-> int @-> double @-> int @-> double
       @-> int @-> returning double)
        1. 2 3. 4 5. 6 7. 8 9. 10 11. 12);
  test "float" 1.25 (fun () -> c "half" (float @-> returning float) 2.5);
  test "strings" "hello, OCaml" (fun () -> c "greet" (string @-> returning string) "OCaml");
  test "callback" 42 (fun () -> apply (fun x -> 2 * x) 21);
  test "callback of doubles" 333 (fun () ->
      let integrate =
        c "integrate" (funptr (double @-> returning double) @-> double @-> double @-> int @-> returning double)
      in
      int_of_float (1000. *. integrate (fun x -> x *. x) 0. 1. 1000));
  test "iterator" (3, [ "one"; "two"; "three" ]) (fun () ->
      let words = ref [] in
      let each = c "each_word" (string @-> funptr (string @-> returning void) @-> returning int) in
      let count = each "one two three" (fun word -> words := word :: !words) in
      (count, List.rev !words));
  test "callback of structs" (10.0, 1024.0) (fun () ->
      let walk = c "walk" (funptr (point @-> returning point) @-> point @-> int @-> returning point) in
      let p = walk (fun p -> make_point (getf p px +. 1.) (getf p py *. 2.)) (make_point 0. 1.) 10 in
      (getf p px, getf p py));
  test "qsort" (List.init 1000 Fun.id) (fun () ->
      let values = CArray.of_list int (List.init 1000 (fun i -> i * 637 mod 1000)) in
      let qsort =
        foreign "qsort"
          (ptr int @-> size_t @-> size_t @-> funptr (ptr int @-> ptr int @-> returning int) @-> returning void)
      in
      let size = Unsigned.Size_t.of_int in
      qsort (CArray.start values) (size 1000) (size 4) (fun a b -> compare !@a !@b);
      CArray.to_list values);
  test "signal handler" [ 10 ] (fun () ->
      let handled = ref [] in
      let handler n = handled := n :: !handled in
      let signal = foreign "signal" (int @-> funptr (int @-> returning void) @-> returning (ptr void)) in
      ignore (signal 10 handler);
      ignore (foreign "raise" (int @-> returning int) 10);
      handlers := handler :: !handlers;
      !handled);
  test "exception in a callback" "caught" (fun () ->
      try string_of_int (apply (fun _ -> raise Out_of_c) 1) with Out_of_c -> "caught");
  test "5000 callbacks at a time" ((4999 * 2500) + (5000 * 7)) (fun () ->
      let t = dynamic_funptr plain_of_int in
      let module F = (val t) in
      let kept = List.init 5000 (fun i -> F.of_fun (fun x -> x + i)) in
      List.iteri (fun i f -> c "keep" (int @-> F.t @-> returning void) i f) kept;
      let sum = c "call_kept" (int @-> int @-> returning long) 5000 7 in
      List.iter F.free kept;
      Signed.Long.to_int sum);
  test "40000 callbacks one after another" 40000 (fun () ->
      let module F = (val dynamic_funptr plain_of_int) in
      let apply = c "apply" (F.t @-> int @-> returning int) in
      let sum = ref 0 in
      for _ = 1 to 40000 do
        sum := !sum + F.with_fun (fun x -> x) (fun f -> apply f 1)
      done;
      !sum);
  test "threads of C" 380 (fun () ->
      let in_threads = foreign ~from:native ~release_runtime_lock:true "in_threads" (of_int @-> int @-> returning long) in
      Signed.Long.to_int (in_threads (fun x -> 2 * x) 20));
  test "threads of OCaml" 400 (fun () ->
      let count = Atomic.make 0 in
      let work () =
        for _ = 1 to 100 do
          ignore (Atomic.fetch_and_add count (apply (fun x -> x) 1));
          Thread.yield ()
        done
      in
      List.iter Thread.join (List.init 4 (fun _ -> Thread.create work ()));
      Atomic.get count);
  ignore (Sys.command (Printf.sprintf "cat /proc/%d/maps >%s/maps" (Unix.getpid ()) (Sys.getenv "RX_RECORD")));
  Printf.printf "%d of %d\n%!" !passed !ran;
  exit (if !passed = !ran then 0 else 1)
