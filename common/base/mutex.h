// The only mutex of Millrace: absl::Mutex that ThreadSanitizer understands. Debian's Abseil is not instrumented:
// without the two calls below every correct program is reported as racy. In other builds this is absl::Mutex and costs
// nothing.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#if defined(__SANITIZE_THREAD__)
#define MILLRACE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MILLRACE_TSAN 1
#endif
#endif
#ifdef MILLRACE_TSAN
extern "C" void __tsan_acquire(void*);
extern "C" void __tsan_release(void*);
#endif

namespace millrace {

class ABSL_LOCKABLE Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    mu_.Lock();
    TellAcquired();
  }
  void Unlock() ABSL_UNLOCK_FUNCTION() {
    TellReleased();
    mu_.Unlock();
  }
  void AssertHeld() const ABSL_ASSERT_EXCLUSIVE_LOCK() { mu_.AssertHeld(); }

  // Waits until `ready()` holds; it is called with the mutex held, so it may read what the mutex guards
  // (mark the lambda ABSL_NO_THREAD_SAFETY_ANALYSIS or let it call a method that asserts the lock).
  template <typename Ready>
  void Await(Ready ready) ABSL_EXCLUSIVE_LOCKS_REQUIRED(this) {
    AwaitUntil(ready, absl::InfiniteFuture());
  }

  // As Await, but gives up at `deadline` (absl::Now() based). Returns whether `ready()` holds.
  template <typename Ready>
  bool AwaitUntil(Ready ready, absl::Time deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(this) {
    // Abseil may call the condition on the unlocking thread, so it brackets itself.
    auto bracketed = [&] {
      TellAcquired();
      bool holds = ready();
      TellReleased();
      return holds;
    };
    TellReleased();
    bool holds = mu_.AwaitWithDeadline(absl::Condition(&bracketed), deadline);
    TellAcquired();
    return holds;
  }

  template <typename Ready>
  bool AwaitFor(Ready ready, absl::Duration timeout) ABSL_EXCLUSIVE_LOCKS_REQUIRED(this) {
    return AwaitUntil(ready, absl::Now() + timeout);
  }

 private:
  void TellAcquired() {
#ifdef MILLRACE_TSAN
    __tsan_acquire(&mu_);
#endif
  }
  void TellReleased() {
#ifdef MILLRACE_TSAN
    __tsan_release(&mu_);
#endif
  }

  absl::Mutex mu_;
};

class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex* mu) ABSL_EXCLUSIVE_LOCK_FUNCTION(mu) : mu_(mu) { mu_->Lock(); }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mu_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* mu_;
};

}  // namespace millrace
