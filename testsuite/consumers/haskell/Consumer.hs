-- SPDX-License-Identifier: MIT
--
-- What Haskell's FFI does with the C library and our own C, in GHC's interpreter and compiled.
{-# LANGUAGE ForeignFunctionInterface #-}
module Main (main) where

import Control.Concurrent
import Control.Exception
import Control.Monad
import Data.IORef
import Foreign
import Foreign.C
import System.Exit
import System.IO

foreign import ccall "mixed" c_mixed :: CSChar -> CUShort -> CInt -> CFloat -> CDouble -> CLLong -> CString -> IO CDouble
foreign import ccall "twelve" c_twelve :: CDouble -> CInt -> CDouble -> CInt -> CDouble -> CInt -> CDouble -> CInt -> CDouble
                                       -> CInt -> CDouble -> CInt -> IO CDouble
foreign import ccall "half" c_half :: CFloat -> IO CFloat
foreign import ccall "greet" c_greet :: CString -> IO CString
foreign import ccall "apply" c_apply :: FunPtr (CInt -> IO CInt) -> CInt -> IO CInt
foreign import ccall "integrate" c_integrate :: FunPtr (CDouble -> IO CDouble) -> CDouble -> CDouble -> CInt -> IO CDouble
foreign import ccall "each_word" c_eachWord :: CString -> FunPtr (CString -> IO ()) -> IO CInt
foreign import ccall "keep" c_keep :: CInt -> FunPtr (CInt -> IO CInt) -> IO ()
foreign import ccall "call_kept" c_callKept :: CInt -> CInt -> IO CLong
foreign import ccall safe "in_threads" c_inThreads :: FunPtr (CInt -> IO CInt) -> CInt -> IO CLong
foreign import ccall "qsort" c_qsort :: Ptr CInt -> CSize -> CSize -> FunPtr (Ptr CInt -> Ptr CInt -> IO CInt) -> IO ()
foreign import ccall "math.h pow" c_pow :: CDouble -> CDouble -> IO CDouble
foreign import ccall "string.h strlen" c_strlen :: CString -> IO CSize

foreign import ccall "wrapper" ofInt :: (CInt -> IO CInt) -> IO (FunPtr (CInt -> IO CInt))
foreign import ccall "wrapper" ofDouble :: (CDouble -> IO CDouble) -> IO (FunPtr (CDouble -> IO CDouble))
foreign import ccall "wrapper" ofWord :: (CString -> IO ()) -> IO (FunPtr (CString -> IO ()))
foreign import ccall "wrapper" ofPair :: (Ptr CInt -> Ptr CInt -> IO CInt) -> IO (FunPtr (Ptr CInt -> Ptr CInt -> IO CInt))

test :: (Eq a, Show a) => IORef [Bool] -> String -> a -> IO a -> IO ()
test tally name expected work = do
  got <- try work
  let fine = either (const False) (== expected) (got `asTypeOf` (Left (toException (userError ""))))
  putStrLn $ if fine then "ok " ++ name else "fail " ++ name ++ " # expected " ++ show expected ++ ", got " ++ show got
  modifyIORef tally (fine :)

main :: IO ()
main = do
  hSetBuffering stdout LineBuffering
  tally <- newIORef []
  let check name = test tally name
  check "arguments of every kind" 28.5 $ withCString "7.0" (c_mixed (-1) 2 3 4.5 6 7)
  check "arguments on the stack" 650 $ c_twelve 1 2 3 4 5 6 7 8 9 10 11 12
  check "float" 1.25 (c_half 2.5)
  check "doubles" 1024 (c_pow 2 10)
  check "strings" "hello, Haskell" $ withCString "Haskell" c_greet >>= peekCString
  check "20000 calls" 100000 $ withCString "five5" (\s -> sum <$> replicateM 20000 (c_strlen s))
  check "callback" 42 $ ofInt (return . (2 *)) >>= \f -> c_apply f 21
  check "callback of doubles" (333 :: Int) $ do
    f <- ofDouble (\x -> return (x * x))
    floor . (1000 *) <$> c_integrate f 0 1 1000
  check "iterator" ["one", "two", "three"] $ do
    words' <- newIORef []
    f <- ofWord (\w -> peekCString w >>= \s -> modifyIORef words' (++ [s]))
    _ <- withCString "one two three" (`c_eachWord` f)
    readIORef words'
  check "qsort" [0 .. 999] $ withArray [i * 637 `mod` 1000 | i <- [0 .. 999]] $ \values -> do
    f <- ofPair (\a b -> (\x y -> fromIntegral (fromEnum (compare x y) - 1)) <$> peek a <*> peek b)
    c_qsort values 1000 4 f
    peekArray 1000 values
  check "exception in a callback" "out of C" $ do
    f <- ofInt (\_ -> (throwIO (userError "out of C")) `catch` \e -> const (return 7) (e :: IOException))
    seven <- c_apply f 1
    return (if seven == 7 then "out of C" else "lost")
  check "5000 callbacks at a time" (5000 * 7 + 4999 * 2500) $ do
    kept <- forM [0 .. 4999] (\i -> ofInt (return . (+ i)))
    zipWithM_ c_keep [0 ..] kept
    result <- c_callKept 5000 7
    mapM_ freeHaskellFunPtr kept
    return result
  check "threads of C" 380 $ ofInt (return . (2 *)) >>= \f -> c_inThreads f 20
  check "threads of Haskell" 400 $ do
    f <- ofInt return
    done <- forM [1 .. 4 :: Int] $ \_ -> do
      result <- newEmptyMVar
      _ <- forkIO (replicateM 100 (c_apply f 1) >>= putMVar result . sum)
      return result
    sum <$> mapM takeMVar done
  verdicts <- readIORef tally
  putStrLn $ show (length (filter id verdicts)) ++ " of " ++ show (length verdicts)
  exitWith (if and verdicts then ExitSuccess else ExitFailure 1)
