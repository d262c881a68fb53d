import NIOCore

/// Runs Swift tasks on one event loop, so that a request's code runs where its connection's bytes are.
///
/// A hop to the default executor's threads and back costs more than most handlers do. Must never: be given work that
/// blocks; reads of the store go to a thread pool.
final class EventLoopTaskExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
